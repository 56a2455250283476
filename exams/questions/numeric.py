"""A number to work out: right within a tolerance, in the unit asked for or one that it knows."""

import math
import re
from collections.abc import Sequence
from typing import Final

from pydantic import Field

from exams.questions.protocol import Answer, Content, Control, Key, Line, Shown, Strict
from portal.errors import Invalid

_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
_SLACK: Final = 1e-9  # decimal fractions are not exact in binary
_LONGEST: Final = 40


class NumericContent(Strict):
    """A stem, a unit ("" for none) and how many decimals are asked for."""

    stem: str = Field(min_length=1)
    unit: str
    decimals: int = Field(ge=0, le=9)
    units: dict[str, float] = Field(default_factory=dict)
    """Other units that may be written, and how many of `unit` one of them is."""


class NumericKey(Strict):
    """The value, and how far from it still counts: in the unit, or as a share of the value."""

    value: float
    tolerance: float = Field(ge=0)
    relative: bool = False


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where something is missing, not finite, or a unit counts nothing."""
    shown = NumericContent.model_validate(content)
    right = NumericKey.model_validate(key)
    if not (math.isfinite(right.value) and math.isfinite(right.tolerance)):
        raise ValueError("value and tolerance must be finite")
    if any(not math.isfinite(factor) or factor <= 0 for factor in shown.units.values()):
        raise ValueError("a unit is so many of the unit asked for: more than none")
    if shown.units and not shown.unit:
        raise ValueError("other units need a unit that they are measured in")


def size(_content: Content) -> int:
    """There is nothing to shuffle."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and one field."""
    case = {
        "unit": content["unit"],
        "decimals": content["decimals"],
        "units": list(content.get("units", {})),
    }
    written = answer["written"] if answer else ""
    return Shown(Control.NUMBER, content["stem"], written=written, case=case)


def read(content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The number typed, with a point or a comma. Raises `Invalid` where it is none."""
    written = values[0].strip().replace("\u2212", "-") if values else ""
    if not written:
        return None
    number, factor, unit = _without_unit(written, content)
    if len(number) > _LONGEST or not _NUMBER.fullmatch(number):
        raise Invalid("Please write a plain number, such as 0.75 or -3.")
    kept = f"{number} {unit}" if factor != 1 else number
    return {"written": kept, "value": float(number.replace(",", ".")) * factor}


def score(_content: Content, key: Key, answer: Answer) -> float:
    """Right where the distance is within the tolerance."""
    allowed = key["tolerance"]
    if key.get("relative"):
        allowed *= abs(key["value"])
    return float(abs(answer["value"] - key["value"]) <= allowed + _SLACK)


def review(content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """What was written, and what counts."""
    expected = ""
    if key:
        share = key.get("relative")
        margin = f"{key['tolerance'] * 100:g} %" if share else f"{key['tolerance']:g}"
        expected = f"{key['value']:g} ± {margin} {content['unit']}".strip()
    return [Line("", given=answer["written"] if answer else "", expected=expected)]


def _without_unit(written: str, content: Content) -> tuple[str, float, str]:
    """The bare number, what it is to be multiplied with, and the unit found behind it."""
    units = {content["unit"].strip(): 1.0} | content.get("units", {})
    for unit in sorted(filter(None, units), key=len, reverse=True):
        if written.endswith(unit):
            return written.removesuffix(unit).strip(), units[unit], unit
    return written, 1.0, ""
