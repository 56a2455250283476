"""A number to work out: right within a tolerance."""

import math
import re
from collections.abc import Sequence
from typing import Final

from pydantic import Field

from exams.questions.protocol import Answer, Content, Control, Key, Shown, Strict
from portal.errors import Invalid

_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)")
_SLACK: Final = 1e-9  # decimal fractions are not exact in binary


class NumericContent(Strict):
    """A stem, a unit ("" for none) and how many decimals are asked for."""

    stem: str = Field(min_length=1)
    unit: str
    decimals: int = Field(ge=0, le=9)


class NumericKey(Strict):
    """The value, and how far from it still counts."""

    value: float
    tolerance: float = Field(ge=0)


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where something is missing or not finite."""
    NumericContent.model_validate(content)
    right = NumericKey.model_validate(key)
    if not (math.isfinite(right.value) and math.isfinite(right.tolerance)):
        raise ValueError("value and tolerance must be finite")


def size(_content: Content) -> int:
    """There is nothing to shuffle."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and one field."""
    case = {"unit": content["unit"], "decimals": content["decimals"]}
    written = answer["written"] if answer else ""
    return Shown(Control.NUMBER, content["stem"], written=written, case=case)


def read(content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """The number typed, with a point or a comma. Raises `Invalid` where it is none."""
    written = values[0].strip().replace("\u2212", "-") if values else ""
    if not written:
        return None
    unit = content["unit"].strip()
    bare = written.removesuffix(unit).strip() if unit else written
    if len(bare) > 40 or not _NUMBER.fullmatch(bare):
        raise Invalid("Please write a plain number, such as 0.75 or -3.")
    return {"written": bare, "value": float(bare.replace(",", "."))}


def score(key: Key, answer: Answer) -> float:
    """Right where the distance is within the tolerance."""
    return float(abs(answer["value"] - key["value"]) <= key["tolerance"] + _SLACK)
