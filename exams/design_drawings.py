"""What a simulated design would do, drawn: how long the tests are, how often each question comes."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import gettext as _

from portal import charts
from portal.charts import Bar

_MOST_BARS: Final = 24
_BANDS: Final = ((0.0, 0.05), (0.05, 0.1), (0.1, 0.15), (0.15, 0.2), (0.2, 0.25), (0.25, 1.01))


def lengths(counts: Mapping[str, int]) -> charts.Drawing:
    """How many of the simulated tests had so many questions."""
    by_length = {int(length): count for length, count in counts.items()}
    least, most = min(by_length), max(by_length)
    width = -(-(most - least + 1) // _MOST_BARS)
    data = [
        Bar(
            _range(start, min(start + width - 1, most)),
            sum(by_length.get(length, 0) for length in range(start, start + width)),
        )
        for start in range(least, most + 1, width)
    ]
    return charts.bars(
        data,
        title=_("How long the tests are"),
        headings=(_("Questions"), _("Tests")),
        show=charts.whole,
    )


def exposure(shares: Sequence[float]) -> charts.Drawing:
    """How many questions would come in such a share of the tests."""
    data = [Bar(_("never"), sum(share == 0 for share in shares))]
    for low, high in _BANDS:
        held = sum(low < share <= high if low else 0 < share <= high for share in shares)
        words = _("over %(low)s", low=charts.percent(low)) if high > 1 else charts.percent(high)
        data.append(Bar(words, held))
    return charts.bars(
        data,
        title=_("How often questions come"),
        headings=(_("In up to so many tests"), _("Questions")),
        show=charts.whole,
    )


def _range(low: int, high: int) -> str:
    return str(low) if low == high else f"{low}-{high}"
