"""What a simulated expert enters: the truth as often as their accuracy says, else a likely slip."""

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from demo.content_files import Case
from tasks.types.reasoning_review import ERROR_TYPES

_CHOICES: Final = ("a", "b", "tie", "neither")
_SIDES: Final = ("a", "b")  # what the page shows first and second
_REASONS: Final = (
    "Says what happens next and on which clause it rests.",
    "The other one sounds surer than the facts allow.",
    "Shorter, and nothing is missing.",
    "Takes the person's fear seriously without promising too much.",
    "The other one stops at the insult and overlooks the second message.",
    "Both are polite; only one answers the question.",
)
_FEEDBACK: Final = (
    "The step takes more from the case than it says.",
    "The clause asks for something else than the step checks.",
    "This does not follow from the step before it.",
)


def entries(
    case: Case, *, accuracy: float, order_shown: list[str], random: Random
) -> dict[str, str]:
    """The form's fields, as the page would send them."""
    right = random.random() < accuracy
    if isinstance(case.row["truth"], str):
        return _preference(case, right, order_shown, random)
    return _review(case, right, random)


def _preference(case: Case, right: bool, order: list[str], random: Random) -> dict[str, str]:
    choice = case.row["truth"] if right else _other_choice(case.row["truth"], random)
    strength = case.row["truth_strength"] if right else None
    reason = random.choice(_REASONS) if random.random() < 0.35 else ""
    if choice not in order:
        return {"choice": choice, "reason": reason}
    side = _SIDES[order.index(choice)]
    return {"choice": f"{side}{strength or random.randint(2, 3)}", "reason": reason}


def _other_choice(truth: str, random: Random) -> str:
    """Mostly the other answer, now and then a shrug."""
    opposite = {"a": "b", "b": "a"}.get(truth)
    if opposite is not None and random.random() < 0.7:
        return opposite
    return random.choice([choice for choice in _CHOICES if choice != truth])


def _review(case: Case, right: bool, random: Random) -> dict[str, str]:
    truth = case.row["truth"]
    steps = range(len(case.row["steps"]) + 1)
    wrong = random.choice([step for step in steps if step != truth["first_wrong_step"]])
    step = truth["first_wrong_step"] if right else wrong
    verdict = (
        truth["verdict_right"] if right or random.random() < 0.5 else not truth["verdict_right"]
    )
    written = {"step": str(step), "verdict_right": "yes" if verdict else "no", "feedback": ""}
    return {**written, **_error(truth, case.row["feedback"], right, random)} if step else written


def _error(
    truth: Mapping[str, Any],
    feedback: str,
    right: bool,
    random: Random,
) -> dict[str, str]:
    if right:
        return {"error_type": truth["error_type"], "feedback": feedback}
    return {"error_type": random.choice(list(ERROR_TYPES)), "feedback": random.choice(_FEEDBACK)}
