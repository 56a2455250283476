"""What a question's page sends: the answer, where to go next, and what it noticed meanwhile."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import redirect, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.models import Attempt, EventKind, Signal
from exams.service import adaptive, attempts
from exams.service.attempts import Context
from exams.service.events import Where
from exams.views.questions import values_sent
from portal.errors import Invalid
from portal.ids import random_id

_SIGNALS: Final = {
    "away": Signal.FOCUS_LOST,
    "pasted": Signal.PASTED,
    "offline": Signal.LINE_LOST,
}
_MOST: Final = 1_000_000.0


@dataclass(frozen=True)
class Sent:
    """One answer on its way."""

    nonce: UUID
    go: str
    values: list[str]
    context: Context

    @property
    def quiet(self) -> bool:
        """Whether the page's script sent it, and stays where it is."""
        return self.go == "stay"

    def following(self, position: int) -> int:
        """The place that is shown next."""
        return {"previous": position - 1, "next": position + 1}.get(self.go, position)


def read(where: Where) -> Sent:
    """The request's form. Raises `Invalid` where it is not from a page of ours."""
    try:
        nonce = UUID(request.form.get("nonce", ""))
    except ValueError:
        raise Invalid(_("Please load the page again and answer once more.")) from None
    noticed = {what: _amount(name) for name, what in _SIGNALS.items()}
    signals = {what: amount for what, amount in noticed.items() if amount > 0}
    go, values = request.form.get("go", "next"), values_sent(request.form)
    return Sent(nonce, go, values, Context(where, signals))


def keep(
    session: Session, attempt: Attempt, position: int, sent: Sent, now: datetime
) -> attempts.Acknowledged:
    """Save it, and set or take away the mark if that was pressed; an adaptive attempt goes on."""
    adapts = attempt.design_id is not None
    told = attempts.save(
        session,
        attempt,
        position=position,
        values=sent.values,
        nonce=sent.nonce,
        following=position if adapts else max(1, sent.following(position)),
        now=now,
        context=sent.context,
        final=adapts and sent.go == "next",
    )
    if adapts:
        if sent.go == "next":
            adaptive.go_on(session, attempt, now=now)
        return told
    if sent.go in {"mark", "unmark"}:
        kind = EventKind.MARKED if sent.go == "mark" else EventKind.UNMARKED
        attempts.mark(session, attempt, position=position, kind=kind, nonce=random_id(), now=now)
    return told


def onwards(public_id: UUID, following: int, last: int) -> Response:
    """To the next place, or to the overview after the last one."""
    if following > last:
        return redirect(url_for("sitting.look_over", public_id=public_id), 303)
    return redirect(url_for("sitting.question", public_id=public_id, position=following), 303)


def ends(attempt: Attempt) -> str | None:
    """When the nearest clock ends, for the page to count to; it may have moved since it was loaded."""
    found = [end for end in (attempt.deadline, attempt.section_deadline) if end is not None]
    return min(found).isoformat() if found else None


def _amount(name: str) -> float:
    """A number that a page's script wrote, whatever was sent: nothing but evidence hangs on it."""
    try:
        amount = float(request.form.get(name, "0"))
    except ValueError:
        return 0.0
    return min(amount, _MOST) if amount > 0 else 0.0
