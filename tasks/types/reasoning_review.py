"""Reasoning review: where a model's chain of thought about a policy case first goes wrong."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from flask_babel import lazy_gettext as _

from portal.prose import markdown
from tasks.types.protocol import BadField, Entries, one_of, text, whole

ERROR_TYPES: Final = {
    "misread_case": _("Misreads the case"),
    "wrong_clause": _("Takes the wrong clause"),
    "missing_fact": _("Overlooks a fact of the case"),
    "wrong_inference": _("Draws a conclusion that does not follow"),
    "arithmetic_logic": _("Slips in counting or logic"),
    "unsupported_claim": _("Adds a fact that is not in the case"),
    "wrong_verdict": _("Reasons well, then rules wrongly"),
}
_MOST_STEPS: Final = 40


class ReasoningReview:
    """A case, policy clauses, a model's steps and its verdict.

    The value is `{"first_wrong_step": 0 for none, "error_type": word or None, "verdict_right": bool,
    "feedback": one line}`.
    """

    schema_version = 1
    required: tuple[str, ...] = ("case", "verdict", "steps")
    optional: tuple[str, ...] = ("clauses",)
    template = "tasks/types/reasoning_review.html"

    def payload(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """`steps` and `clauses` are lists; in a CSV cell, JSON lists or one to a line."""
        steps = _texts(raw, "steps")
        if not 1 <= len(steps) <= _MOST_STEPS:
            raise BadField("steps", f"steps must hold 1 to {_MOST_STEPS} steps")
        return {
            "case": text(raw, "case"),
            "verdict": text(raw, "verdict"),
            "steps": steps,
            "clauses": _texts(raw, "clauses"),
        }

    def answer(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """`first_wrong_step` from 0, `verdict_right` yes or no, `error_type` where a step is wrong."""
        step = whole(raw, "first_wrong_step", 0, _MOST_STEPS)
        return {
            "first_wrong_step": step,
            "error_type": one_of(raw, "error_type", tuple(ERROR_TYPES)) if step else None,
            "verdict_right": _yes(raw, "verdict_right"),
        }

    def order(self, random: Random) -> list[str]:
        """Steps have one order; nothing is drawn."""
        return []

    def view(self, payload: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
        """The case, the numbers of its clauses, the steps as rendered text."""
        return {
            "case": markdown(payload["case"]),
            "verdict": payload["verdict"],
            "clauses": list(payload["clauses"]),
            "steps": [markdown(step) for step in payload["steps"]],
            "error_types": ERROR_TYPES,
        }

    def value(
        self, entries: Entries, payload: Mapping[str, Any], order: list[str]
    ) -> dict[str, Any]:
        """`step` 0 means that none is wrong; `error_type` is asked for only where one is."""
        if not entries.get("step"):
            raise BadField("step", "Choose the first wrong step, or that no step is wrong.")
        step = whole(entries, "step", 0, len(payload["steps"]))
        error = entries.get("error_type") or None
        if step and error not in ERROR_TYPES:
            raise BadField("error_type", "Choose what kind of error the step makes.")
        if entries.get("verdict_right") not in {"yes", "no"}:
            raise BadField("verdict_right", "Say whether the verdict is right.")
        feedback = text(entries, "feedback", optional=True).strip()
        if step and not feedback:
            raise BadField("feedback", "Write one line that would help the model's makers.")
        return {
            "first_wrong_step": step,
            "error_type": error if step else None,
            "verdict_right": entries["verdict_right"] == "yes",
            "feedback": feedback,
        }

    def right(self, value: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
        """The same first wrong step and the same view of the verdict."""
        return bool(
            value["first_wrong_step"] == answer["first_wrong_step"]
            and value["verdict_right"] == answer["verdict_right"]
        )

    def label(self, value: Mapping[str, Any]) -> str:
        """Step and verdict together: `3/no`."""
        return f"{value['first_wrong_step']}/{'yes' if value['verdict_right'] else 'no'}"


def _texts(raw: Mapping[str, Any], field: str) -> list[str]:
    found = raw.get(field)
    if found is None:
        return []
    if isinstance(found, str):
        found = _parsed(found, field)
    if not isinstance(found, list):
        raise BadField(field, f"{field} must be a list of texts")
    return [text({field: each}, field) for each in found]


def _parsed(cell: str, field: str) -> object:
    if not cell.lstrip().startswith("["):
        return [line.strip() for line in cell.splitlines() if line.strip()]
    try:
        found: object = json.loads(cell)
    except ValueError:
        raise BadField(field, f"{field} begins with [ and is not a JSON list") from None
    return found


def _yes(raw: Mapping[str, Any], field: str) -> bool:
    found = raw.get(field)
    return found if isinstance(found, bool) else one_of(raw, field, ("yes", "no")) == "yes"
