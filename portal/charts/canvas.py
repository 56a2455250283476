"""The sheet that charts draw on: places along x as shares, which become percents or pixels."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup, escape


@dataclass(frozen=True)
class Drawing:
    """A chart with its words and its numbers. In a template it prints as its SVG."""

    svg: Markup
    title: str
    description: str
    columns: Sequence[str | dict[str, object]] = ()
    rows: Sequence[Sequence[str]] = ()

    def __html__(self) -> Markup:
        """The drawing, so that `{{ drawing }}` shows it."""
        return self.svg


@dataclass
class Canvas:
    """An SVG under construction. `x` is a share of the plot's width, `y` counts pixels from the top.

    A fluid canvas (no `width`) leaves the gutters beside the plot to its class in the style sheet; a
    fixed one keeps them inside its `width`.
    """

    height: float
    kind: str
    width: float | None = None
    left: float = 0
    right: float = 0
    parts: list[str] = field(default_factory=list)

    @property
    def plot(self) -> float:
        """Width of the plot in pixels, on a fixed canvas."""
        return (self.width or 0) - self.left - self.right

    def x(self, share: float) -> str:
        """A place or a length along x."""
        return f"{_short(share * 100)}%" if self.width is None else _short(share * self.plot)

    def line(self, kind: str, start: tuple[float, float], end: tuple[float, float]) -> None:
        """A straight line."""
        self.parts.append(
            f'<line class="{kind}" x1="{self.x(start[0])}" y1="{_short(start[1])}"'
            f' x2="{self.x(end[0])}" y2="{_short(end[1])}"/>'
        )

    def rect(
        self,
        kind: str,
        start: float,
        length: float,
        *,
        top: float,
        height: float,
        corner: float = 0,
        title: str = "",
    ) -> None:
        """A bar from `start`, `length` long, with what a pointer resting on it is told."""
        tip = f"<title>{escape(title)}</title>" if title else ""
        self.parts.append(
            f'<rect class="{kind}" x="{self.x(start)}" width="{self.x(max(length, 0))}"'
            f' y="{_short(top)}" height="{_short(height)}" rx="{_short(corner)}">{tip}</rect>'
        )

    def circle(self, kind: str, centre: tuple[float, float], radius: float) -> None:
        """A dot."""
        self.parts.append(
            f'<circle class="{kind}" cx="{self.x(centre[0])}" cy="{_short(centre[1])}"'
            f' r="{_short(radius)}"/>'
        )

    def text(
        self,
        kind: str,
        place: tuple[float, float],
        words: str,
        *,
        anchor: str = "middle",
        dx: float = 0,
    ) -> None:
        """Words on one line, their baseline at `place`."""
        shift = f' dx="{_short(dx)}"' if dx else ""
        self.parts.append(
            f'<text class="{kind}" x="{self.x(place[0])}" y="{_short(place[1])}"{shift}'
            f' text-anchor="{anchor}">{escape(words)}</text>'
        )

    def area(self, kind: str, corners: Sequence[tuple[float, float]]) -> None:
        """A filled polygon."""
        self._shape("polygon", kind, corners)

    def path(self, kind: str, places: Sequence[tuple[float, float]]) -> None:
        """A line through the places."""
        self._shape("polyline", kind, places)

    def _shape(self, tag: str, kind: str, places: Sequence[tuple[float, float]]) -> None:
        """Points cannot be percents: a fluid canvas stretches the shape, but never its stroke."""
        across = 1000.0 if self.width is None else self.plot
        points = " ".join(f"{_short(x * across)},{_short(y)}" for x, y in places)
        if self.width is None:
            self.parts.append(
                f'<svg width="100%" height="{_short(self.height)}" overflow="visible"'
                f' viewBox="0 0 1000 {_short(self.height)}" preserveAspectRatio="none">'
                f'<{tag} class="{kind}" points="{points}" vector-effect="non-scaling-stroke"/></svg>'
            )
        else:
            self.parts.append(f'<{tag} class="{kind}" points="{points}"/>')

    def finish(
        self,
        title: str,
        description: str,
        columns: Sequence[str | dict[str, object]] = (),
        rows: Sequence[Sequence[str]] = (),
    ) -> Drawing:
        """The drawing, with its title and description for whoever does not see it."""
        if self.width is None:
            size = f'width="100%" height="{_short(self.height)}"'
        else:
            size = (
                f'width="{_short(self.width)}" height="{_short(self.height)}" viewBox="'
                f'{_short(-self.left)} 0 {_short(self.width)} {_short(self.height)}"'
            )
        # Everything that came from outside was escaped where it was put in.
        svg = Markup(  # noqa: S704
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart chart--{self.kind}" {size}'
            f' role="img"><title>{escape(title)}</title><desc>{escape(description)}</desc>'
            f"{''.join(self.parts)}</svg>"
        )
        return Drawing(svg, title, description, columns, rows)


def number_column(label: str) -> dict[str, object]:
    """The heading of a column of figures, as the table macro wants it."""
    return {"label": label, "number": True}


def _short(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".") or "0"
