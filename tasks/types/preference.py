"""Preference: which of two answers is better, by how much, and why."""

from collections.abc import Mapping
from random import Random
from typing import Any, Final

from flask_babel import lazy_gettext as _
from markupsafe import Markup

from portal.prose import markdown
from tasks.types.protocol import BadField, Entries, one_of, text, whole

CHOICES: Final = ("a", "b", "tie", "neither")
_SIDES: Final = ("a", "b")
"""How the page calls what it shows first and second, whatever their stored names are."""
_PLAIN: Final = ("tie", "neither")


class Preference:
    """Two answers to one prompt, shown side by side in an order drawn for each assignment.

    The value is `{"choice": a | b | tie | neither, "strength": 1 to 3 or None, "reason": text}`, its
    choice in the task's stored order whatever was shown on the left.
    """

    schema_version = 1
    required: tuple[str, ...] = ("prompt", "a", "b")
    optional: tuple[str, ...] = ("context",)
    template = "tasks/types/preference.html"

    def payload(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Prompt and two answers, with a context where there is one.

        A model may have said nothing, so an answer may be empty; and a prompt may, where its context
        has words.
        """
        context = text(raw, "context", optional=True)
        bare = bool(context.strip())
        return {
            "prompt": text(raw, "prompt", optional=bare),
            "a": _said(raw, "a"),
            "b": _said(raw, "b"),
            "context": context if bare else None,
        }

    def answer(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """`answer` is one of the choices, `strength` 1 to 3 or empty."""
        choice = one_of(raw, "answer", CHOICES)
        given = raw.get("strength") not in {None, ""}
        return {"choice": choice, "strength": whole(raw, "strength", 1, 3) if given else None}

    def order(self, random: Random) -> list[str]:
        """Either answer may be on the left."""
        return random.sample(["a", "b"], 2)

    def view(self, payload: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
        """Prompt, context and the two answers as shown, with the six choices and their keys."""
        sides = zip(_SIDES, (_("Answer A"), _("Answer B")), order, strict=True)
        return {
            "prompt": markdown(payload["prompt"]) if payload["prompt"].strip() else None,
            "context": markdown(payload["context"]) if payload["context"] else None,
            "answers": [
                {"side": side, "name": name, "body": _shown(payload[part])}
                for side, name, part in sides
            ],
            "choices": [
                {"value": "a3", "text": _("A much better")},
                {"value": "a2", "text": _("A better")},
                {"value": "tie", "text": _("About the same")},
                {"value": "b2", "text": _("B better")},
                {"value": "b3", "text": _("B much better")},
                {"value": "neither", "text": _("Neither is fine")},
            ],
        }

    def value(
        self, entries: Entries, payload: Mapping[str, Any], order: list[str]
    ) -> dict[str, Any]:
        """`choice` is `a1` to `b3`, `tie` or `neither`, with A for what the page showed first."""
        reason = text(entries, "reason", optional=True).strip()
        chosen = entries.get("choice", "")
        if chosen in _PLAIN:
            return {"choice": chosen, "strength": None, "reason": reason}
        side, strength = chosen[:1], chosen[1:]
        if side not in _SIDES or strength not in {"1", "2", "3"}:
            raise BadField("choice", "Choose one of the answers, or say that they are the same.")
        choice = order[_SIDES.index(side)]
        return {"choice": choice, "strength": int(strength), "reason": reason}

    def right(self, value: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
        """The same choice; how strongly it was made does not matter."""
        return bool(value["choice"] == answer["choice"])

    def label(self, value: Mapping[str, Any]) -> str:
        """The choice."""
        return str(value["choice"])


def _said(raw: Mapping[str, Any], field: str) -> str:
    if raw.get(field) is None:
        raise BadField(field, f"{field} is missing")
    return text(raw, field, optional=True)


def _shown(answer: str) -> Markup:
    return markdown(answer) if answer.strip() else markdown(str(_("*This answer is empty.*")))
