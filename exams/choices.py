"""What there was to choose in a question, and what an answer chose: for kinds with something to choose."""

from typing import Any, Final

from exams.models import QuestionType, QuestionVersion

LEFT_OUT: Final = ""
"""Stands for no answer."""
_TIE: Final = "tie"
_NO_STEP: Final = "0"


def offered(version: QuestionVersion) -> list[str]:
    """Everything that could be chosen, in the question's own order; empty where something is written."""
    content = version.content
    match version.type:
        case QuestionType.SINGLE | QuestionType.MULTIPLE:
            return [option["id"] for option in content["options"]]
        case QuestionType.FAULTY_STEP:
            return [*(str(step["id"]) for step in content["steps"]), _NO_STEP]
        case QuestionType.PREFERENCE:
            return [*content["answers"], _TIE]
        case _:
            return []


def taken(version: QuestionVersion, answer: dict[str, Any] | None) -> set[str]:
    """What an answer chose of it."""
    if answer is None:
        return {LEFT_OUT}
    match version.type:
        case QuestionType.SINGLE:
            return {answer["option"]}
        case QuestionType.MULTIPLE:
            return set(answer["options"])
        case QuestionType.FAULTY_STEP:
            return {str(answer["step"])}
        case QuestionType.PREFERENCE:
            return {answer["choice"]}
        case _:
            return set()


def words(version: QuestionVersion, option: str) -> str:
    """The text of a choice as applicants read it; empty where it has none of its own."""
    content = version.content
    match version.type:
        case QuestionType.SINGLE | QuestionType.MULTIPLE:
            texts = {one["id"]: one["text"] for one in content["options"]}
        case QuestionType.FAULTY_STEP:
            texts = {str(one["id"]): one["text"] for one in content["steps"]}
        case QuestionType.PREFERENCE:
            texts = dict(content["answers"])
        case _:
            texts = {}
    return str(texts.get(option, ""))
