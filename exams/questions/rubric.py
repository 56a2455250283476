"""What essays and writing samples share: criteria with bands that people grade by."""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import Field

from exams.questions.protocol import Answer, Content, Control, Key, Line, Shown, Strict
from portal.errors import Invalid

MOST_CHARACTERS: Final = 20_000


class Criterion(Strict):
    """One thing that is graded, as the person who writes is told of it."""

    id: str = Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    title: str = Field(min_length=1)
    weight: float = Field(default=1, gt=0)


class Band(Strict):
    """One level of a criterion: what it looks like, and a piece of writing that is an example."""

    text: str = Field(min_length=1)
    anchor: str = ""


class RubricContent(Strict):
    """What is asked, how many words are expected, and by what it is graded."""

    stem: str = Field(min_length=1)
    criteria: list[Criterion] = Field(min_length=1, max_length=6)
    least_words: int = Field(default=0, ge=0)
    most_words: int = Field(default=600, ge=1, le=2000)


class RubricKey(Strict):
    """For each criterion its bands, from the lowest (0) up."""

    bands: dict[str, list[Band]]


def parse(content: Content, key: Key) -> None:
    """Raise `ValueError` where a criterion has no bands, or bands no criterion."""
    shown = RubricContent.model_validate(content)
    bands = RubricKey.model_validate(key).bands
    names = [criterion.id for criterion in shown.criteria]
    if len(set(names)) != len(names):
        raise ValueError("two criteria have the same id")
    if bands.keys() != set(names):
        raise ValueError("the rubric does not hold bands for each criterion")
    if any(len(levels) < 2 for levels in bands.values()):
        raise ValueError("a criterion needs two bands at least")
    if shown.least_words > shown.most_words:
        raise ValueError("the least number of words is above the most")


def size(_content: Content) -> int:
    """There is nothing to shuffle."""
    return 0


def show(content: Content, _order: Sequence[int], answer: Answer | None) -> Shown:
    """The stem, by what it is graded (in words without bands), and room to write."""
    case = {
        "criteria": [one["title"] for one in content["criteria"]],
        "least_words": content.get("least_words", 0),
        "most_words": content.get("most_words", 600),
    }
    written = answer["text"] if answer else ""
    return Shown(Control.TEXT, content["stem"], written=written, case=case)


def read(_content: Content, _order: Sequence[int], values: Sequence[str]) -> Answer | None:
    """What was written. Too few or too many words are kept: they are the graders' matter."""
    text = values[0].replace("\r\n", "\n").strip() if values else ""
    if len(text) > MOST_CHARACTERS:
        raise Invalid(f"Please write at most {MOST_CHARACTERS:,} characters.")
    return {"text": text} if text else None


def score(content: Content, key: Key, answer: Answer) -> float:
    """The weighted mean of each criterion's share of its highest band."""
    weights = {one["id"]: one.get("weight", 1) for one in content["criteria"]}
    shares = {
        name: answer["bands"].get(name, 0) / (len(levels) - 1)
        for name, levels in key["bands"].items()
    }
    return float(sum(shares[name] * weights[name] for name in shares) / sum(weights.values()))


def review(_content: Content, _key: Key | None, answer: Answer | None) -> list[Line]:
    """What was written."""
    return [Line("", given=answer["text"] if answer else "")]


def words(text: str) -> int:
    """How many words a text has, as anybody would count them."""
    return len(text.split())


def sheet(content: Content, key: Key) -> list[dict[str, Any]]:
    """The rubric as graders get it: each criterion with its bands, highest last."""
    return [
        {"id": one["id"], "title": one["title"], "bands": key["bands"][one["id"]]}
        for one in content["criteria"]
    ]
