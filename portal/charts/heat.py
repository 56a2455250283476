"""A table whose cells are shaded by their share: the numbers stay text, the shade only helps the eye."""

from collections.abc import Sequence

from markupsafe import Markup, escape


def heat_table(
    *,
    title: str,
    corner: str,
    names: Sequence[str],
    shares: Sequence[Sequence[float]],
    counts: Sequence[int],
    count_heading: str = "n",
) -> Markup:
    """Rows of shares (0 to 1, shown in per cent); the diagonal, where both agree, is not shaded."""
    head = Markup("").join(Markup('<th scope="col">{}</th>').format(name) for name in names)
    body = Markup("").join(
        _row(name, index, shares[index], counts[index]) for index, name in enumerate(names)
    )
    return Markup(
        '<div class="table-box" tabindex="0" role="region" aria-label="{title}"><table class="heat">'
        '<caption class="unseen">{title}</caption><thead><tr><th scope="col">{corner}</th>{head}'
        '<th scope="col">{count}</th></tr></thead><tbody>{body}</tbody></table></div>'
    ).format(
        title=escape(title),
        corner=escape(corner),
        head=head,
        count=escape(count_heading),
        body=body,
    )


def level(share: float) -> int:
    """The shade of a share, 0 to 4; small shares are told apart, since they are the findings."""
    return sum(share >= bound for bound in (0.015, 0.045, 0.085, 0.2))


def _row(name: str, index: int, shares: Sequence[float], count: int) -> Markup:
    cells = Markup("").join(
        Markup('<td class="heat__cell heat__cell--{}">{}</td>').format(
            "same" if column == index else level(share), round(share * 100)
        )
        for column, share in enumerate(shares)
    )
    return Markup('<tr><th scope="row">{}</th>{}<td class="heat__count">{}</td></tr>').format(
        name, cells, f"{count:,}"
    )
