"""Where a person stands in an attempt: found through them, on which device, on a break, or past its end."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.models import Attempt, AttemptState, EventKind, Exam
from exams.queries import attempts as queries
from exams.service import attempts, outages, pauses, sections, sheet
from exams.service.events import Where
from exams.service.sections import Spot
from portal import clock, settings
from portal.access import person
from portal.accounts import loader
from portal.db import one_or_404
from portal.sealing import blind_index


def own(session: Session, public_id: UUID) -> Attempt:
    """The person's own attempt; another's is not found."""
    query = queries.attempts_of(person().account_id).where(Attempt.public_id == public_id)
    return one_or_404(session, query)


def own_locked(session: Session, public_id: UUID) -> Attempt:
    """The same, locked: alone among those who write to it."""
    query = queries.attempts_of(person().account_id).where(Attempt.public_id == public_id)
    return one_or_404(session, query.with_for_update(key_share=True))


def where() -> Where:
    """The sign-in and the network behind the request, as digests that say only "the same" or not."""
    key = settings.load().personal_key
    device = blind_index(str(person().sign_in_id), key=key, purpose="exam device")
    network = blind_index(loader.network(), key=key, purpose="exam network")
    return Where(device, network.hex()[:16])


def ended(session: Session, attempt: Attempt, now: datetime) -> bool:
    """Whether it is over; what an outage of ours took does not count."""
    if attempt.state is not AttemptState.OPEN:
        return True
    if not attempts.over(attempt, now=now):
        return False
    return attempts.over(attempt, now=now - outages.lost(session, attempt, now=now))


def past(session: Session, attempt: Attempt, now: datetime) -> str | Response | None:
    """What is shown instead of a question: the result, another device, a break, a section's end."""
    if ended(session, attempt, now):
        return redirect(url_for("exam_results.result", public_id=attempt.public_id))
    if not attempts.holds(attempt, where()):
        taken = session.scalar(queries.newest_of(attempt.id, EventKind.TAKEN_OVER))
        return render_template(
            "exams/elsewhere.html", since=taken.at if taken else None, **around(session, attempt)
        )
    if pauses.running(attempt, now=now):
        return render_template("exams/break.html", **around(session, attempt))
    if _section_over(session, attempt, now):
        following = sections.following(session, attempt)
        facts = around(session, attempt)
        return render_template("exams/section_over.html", following=following, **facts)
    return None


def _section_over(session: Session, attempt: Attempt, now: datetime) -> bool:
    if not attempts.section_over(attempt, now=now):
        return False
    return attempts.section_over(attempt, now=now - outages.lost(session, attempt, now=now))


def around(session: Session, attempt: Attempt, spot: Spot | None = None) -> dict[str, Any]:
    """What every page of an attempt shows: how far, how long."""
    now = clock.now(session)  # once more, so that the page counts from as late as can be
    zone = str(g.get("time_zone", "UTC"))
    ends = [end for end in (attempt.deadline, attempt.section_deadline) if end is not None]
    until = min(ends) if ends else None
    part = spot.part(attempt) if spot else sections.current(session, attempt)
    return {
        "attempt": attempt,
        "exam": session.get_one(Exam, attempt.exam_id),
        "sheet": sheet.read(session.execute(queries.told(attempt.id)).all()),
        "now": now,
        "part": part,
        "ends": until,
        "minutes_left": max(0, int((until - now).total_seconds() // 60)) if until else None,
        "until": f"{until.astimezone(ZoneInfo(zone)):%H:%M}" if until else None,
        "place": zone.rsplit("/", maxsplit=1)[-1].replace("_", " "),
    }
