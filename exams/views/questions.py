"""A question as the template needs it: the safe view, its text rendered, and nothing else."""

import re
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

from exams.models import Attempt, QuestionVersion, StimulusVersion
from exams.questions import KINDS, Answer, Shown, arrangement
from portal.prose import markdown

_LONGEST_HEADING: Final = 140
_WITH_A_CASE: Final = frozenset({"faulty_step", "policy_case", "preference"})
"""Kinds whose text before the answers is laid out in a way of their own."""
_PARAGRAPH: Final = re.compile(r"^<p>(.*)</p>\s*$", re.DOTALL)


@dataclass(frozen=True)
class Page:
    """One question, ready to be shown."""

    type: str
    heading: str
    before: Markup
    shown: Shown
    area: str
    stimulus: StimulusVersion | None = None

    @property
    def case(self) -> str:
        """The template of what stands before the answers."""
        name = f"{self.type}_case" if self.type in _WITH_A_CASE else "before"
        return f"exams/questions/_{name}.html"


def page_of(
    attempt: Attempt,
    version: QuestionVersion,
    position: int,
    answer: Answer | None,
    *,
    stimulus: StimulusVersion | None = None,
) -> Page:
    """The question in the order of this attempt, with what was answered so far."""
    return laid_out(version, answer, seed=attempt.seed, position=position, stimulus=stimulus)


def laid_out(
    version: QuestionVersion,
    answer: Answer | None,
    *,
    seed: int,
    position: int,
    stimulus: StimulusVersion | None = None,
) -> Page:
    """The question in the order that a seed gives at a position."""
    kind = KINDS[version.type]
    order = arrangement(seed, position, kind.size(version.content))
    shown = kind.show(version.content, order, answer)
    heading, before = split(shown.stem)
    return Page(version.type.value, heading, markdown(before), shown, version.area, stimulus)


def stimulus_of(session: Session, version: QuestionVersion) -> StimulusVersion | None:
    """The text that the question and its neighbours are about."""
    held = version.stimulus_version_id
    return session.get_one(StimulusVersion, held) if held else None


def values_sent(form: MultiDict[str, str]) -> list[str]:
    """What was chosen or written, of all fields that answer: lists of cards have a name each."""
    return [
        value
        for name, value in form.items(multi=True)
        if name == "answer" or name.startswith("answer-")
    ]


def split(stem: str) -> tuple[str, str]:
    """The question itself, which stands last, and what is read before it.

    The heading is plain text; a stem without a short last paragraph has none of its own.
    """
    *before, last = stem.strip().split("\n\n")
    plain = last.replace("*", "").replace("`", "").strip()
    if len(plain) <= _LONGEST_HEADING and not plain.startswith((">", "-", "|", "#")):
        return plain, "\n\n".join(before)
    return "", stem


def inline(text: str) -> Markup:
    """Rendered Markdown without the paragraph around it, for inside a label."""
    rendered = markdown(text)
    found = _PARAGRAPH.match(rendered)
    if found and "<p>" not in found[1]:
        return Markup(found[1])  # noqa: S704  cleaned by `markdown`, only its paragraph is gone
    return rendered
