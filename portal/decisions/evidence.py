"""A decision's evidence as a person reads it: words and numbers, and never an id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from portal.charts import Drawing, Estimate, interval_bar, percent

_ENDS: Final = frozenset({"estimate", "low", "high", "needed"})
_WORDS: Final = {
    "gold": "check tasks",
    "cut": "pass mark",
    "standard_error": "margin",
    "se": "margin",
    "error": "margin",
    "n": "how many",
}
"""What the rows call things, and what people are told (they never read of gold or cuts)."""


@dataclass(frozen=True)
class Measured:
    """An estimate with its interval, drawn and in words."""

    words: str
    drawing: Drawing


def facts(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Label and value of everything that is not drawn; ids of rows stay on the server."""
    skipped = _ENDS if measured(evidence) else frozenset()
    return [
        (label(name), _value(value))
        for name, value in evidence.items()
        if name not in skipped and not name.endswith(("_id", "_ids")) and name not in {"id", "ids"}
    ]


def measured(evidence: Mapping[str, Any], title: str = "What was measured") -> Measured | None:
    """The estimate among the evidence, where it comes with an interval."""
    if not {"low", "high"} <= evidence.keys():
        return None
    low, high = float(evidence["low"]), float(evidence["high"])
    point, needed = evidence.get("estimate"), evidence.get("needed")
    is_share = 0 <= low <= high <= 1
    show = percent if is_share else _number
    ends = None if is_share else _room(low, high, needed)
    estimate = Estimate(low, None if point is None else float(point), high)
    drawing = interval_bar(estimate, title=title, needed=needed, ends=ends, show=show)
    said = f"likely {show(low)} to {show(high)}"
    if point is not None:
        said = f"{show(float(point))}, {said}"
    return Measured(said if needed is None else f"{said}; {show(float(needed))} is needed", drawing)


def label(name: str) -> str:
    """`judged_tasks` as `Judged tasks`, in the words that people are told."""
    words = " ".join(_WORDS.get(part, part) for part in _parts(name))
    return words[:1].upper() + words[1:]


def _parts(name: str) -> list[str]:
    return [name] if name in _WORDS else name.split("_")


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{label(str(key))}: {_value(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_value(one) for one in value) or "none"
    return "none" if value is None else str(value)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _room(low: float, high: float, needed: float | None) -> tuple[float, float]:
    """Ends of the track that leave the interval and the needed level some room."""
    seen = [low, high] if needed is None else [low, high, float(needed)]
    margin = 0.15 * ((max(seen) - min(seen)) or 1.0)
    return min(seen) - margin, max(seen) + margin
