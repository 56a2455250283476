"""A few words to write: right where they equal an accepted answer, or fit a pattern."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, Literal

from pydantic import Field

from exams.questions.patterns import compile_pattern
from exams.questions.protocol import Answer, Content, Control, Key, Line, Shown, Strict
from portal.errors import Invalid

LONGEST: Final = 200
_PUNCTUATION: Final = {"Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"}
Ignored = Literal["case", "accents", "spaces", "punctuation"]


class ShortTextContent(Strict):
    """A stem, and how much may be written."""

    stem: str = Field(min_length=1)
    longest: int = Field(default=80, ge=1, le=LONGEST)


class ShortTextKey(Strict):
    """Accepted answers, compared after normalising; patterns, matched against all that was written.

    Patterns see upper and lower case as they are: `[Pp]recision`.
    """

    accepted: list[str] = Field(default_factory=list)
    patterns: list[str] = Field(default_factory=list, max_length=20)
    ignore: list[Ignored] = Field(default=["case", "spaces"])


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where nothing is accepted, or a pattern is not understood."""
    longest = ShortTextContent.model_validate(content).longest
    right = ShortTextKey.model_validate(key)
    if not right.accepted and not right.patterns:
        raise ValueError("no answer would be right")
    for one in right.accepted:
        if not normalised(one, right.ignore) or len(one) > longest:
            raise ValueError(f"nobody could write the accepted answer {one!r}")
    for pattern in right.patterns:
        compile_pattern(pattern)


def size(_content: Content) -> int:
    """There is nothing to shuffle."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """Stem and one line to write on."""
    written = answer["written"] if answer else ""
    case = {"longest": content.get("longest", 80)}
    return Shown(Control.LINE, content["stem"], written=written, case=case)


def read(content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """What was written. Raises `Invalid` where it is longer than asked for."""
    written = " ".join(values[0].split()) if values else ""
    longest = content.get("longest", 80)
    if len(written) > longest:
        raise Invalid(f"Please write at most {longest} characters.")
    return {"written": written} if written else None


def score(_content: Content, key: Key, answer: Answer) -> float:
    """All or nothing."""
    ignore = key.get("ignore", ["case", "spaces"])
    written = normalised(answer["written"], ignore)
    accepted = {normalised(one, ignore) for one in key.get("accepted", [])}
    if written in accepted:
        return 1.0
    plain = normalised(answer["written"], ["spaces"])
    return float(any(compile_pattern(one).matches(plain) for one in key.get("patterns", [])))


def review(_content: Content, key: Key | None, answer: Answer | None) -> list[Line]:
    """What was written, and what counts."""
    expected = ""
    if key:
        patterns = [f"/{one}/" for one in key.get("patterns", [])]
        expected = " · ".join([*key.get("accepted", []), *patterns])
    return [Line("", given=answer["written"] if answer else "", expected=expected)]


def normalised(text: str, ignore: Sequence[str]) -> str:
    """The text in one form: compatible characters made alike, and what is ignored taken away."""
    text = unicodedata.normalize("NFKC", text)
    if "case" in ignore:
        text = text.casefold()
    if "accents" in ignore:
        apart = unicodedata.normalize("NFD", text)
        text = "".join(c for c in apart if unicodedata.category(c) != "Mn")
    if "punctuation" in ignore:
        text = "".join(c for c in text if unicodedata.category(c) not in _PUNCTUATION)
    return re.sub(r"\s+", " ", text).strip() if "spaces" in ignore else text.strip()
