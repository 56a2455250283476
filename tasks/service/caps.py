"""Other caps for a project that is under way: announced for a week, accepted by each person, never backwards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from portal import audit, mail, settings
from portal.db import lock
from portal.durations import hours
from portal.errors import Conflict, Invalid
from tasks.models import NOTICE, CapsVersion, Project, Terms
from tasks.queries import caps as queries


@dataclass(frozen=True)
class Caps:
    """The rules about time that an offer carries, as terms freeze them."""

    task_cap_seconds: int
    day_cap_seconds: int
    week_cap_seconds: int
    idle_limit_seconds: int
    claim_day_seconds: int
    version_id: int | None
    """None for those that the project began with."""


def in_force(session: Session, project: Project, *, now: datetime) -> Caps:
    """What an expert would accept now."""
    found = session.scalar(queries.in_force(project.id, now=now))
    of = found or project
    return Caps(
        task_cap_seconds=of.task_cap_seconds,
        day_cap_seconds=of.day_cap_seconds,
        week_cap_seconds=of.week_cap_seconds,
        idle_limit_seconds=project.idle_limit_seconds,
        claim_day_seconds=project.claim_day_seconds,
        version_id=found.id if found else None,
    )


def outdated(session: Session, project: Project, terms: Terms, *, now: datetime) -> bool:
    """Whether other caps hold by now than those that were accepted."""
    found = session.scalar(queries.in_force(project.id, now=now))
    return found is not None and found.id != terms.caps_version_id


def announce(
    session: Session,
    project: Project,
    *,
    task_seconds: int,
    day_seconds: int,
    week_seconds: int,
    reason: str,
    by: int,
    now: datetime,
) -> CapsVersion:
    """Announce other caps: they hold in seven days, and everybody who works here is told now.

    Raises `Invalid` where a day holds less than a task, or a week less than a day; `Conflict` where
    nothing would change, or others are announced and do not hold yet.
    """
    lock(session, project)
    if not 0 < task_seconds <= day_seconds <= week_seconds:
        raise Invalid("A task fits into a day, and a day into a week.")
    if not reason.strip():
        raise Invalid("Say why the hours change: everybody who works here reads it.")
    if session.scalar(queries.coming(project.id, now=now)) is not None:
        raise Conflict("Others are announced already. Change them once they hold.")
    before = in_force(session, project, now=now)
    had = (before.task_cap_seconds, before.day_cap_seconds, before.week_cap_seconds)
    if had == (task_seconds, day_seconds, week_seconds):
        raise Conflict("These are the hours that hold now.")
    made = CapsVersion(
        project_id=project.id,
        number=1 + (session.scalar(queries.last_number(project.id)) or 0),
        task_cap_seconds=task_seconds,
        day_cap_seconds=day_seconds,
        week_cap_seconds=week_seconds,
        reason=reason.strip(),
        announced_by_id=by,
        announced_at=now,
        holds_from=now + NOTICE,
    )
    session.add(made)
    session.flush()
    subject = ("caps_version", made.id)
    audit.record(session, actor=by, action="caps.announced", subject=subject, now=now)
    _tell(session, project, made, now)
    return made


def _tell(session: Session, project: Project, made: CapsVersion, now: datetime) -> None:
    """Everybody who has accepted the project's terms, a week ahead."""
    link = f"{settings.load().base_url.rstrip('/')}/work/projects/{project.slug}"
    for account in session.scalars(queries.bound(project.id)):
        body = (
            f"Hello {account.display_name},\n\nFrom {made.holds_from:%d %B %Y, %H:%M} UTC other hours hold in"
            f" “{project.title}”: {hours(made.task_cap_seconds)} planned for one task,"
            f" {hours(made.day_cap_seconds)} a day and {hours(made.week_cap_seconds)} a week at most."
            f" Why: {made.reason}\n\nUntil then nothing changes. From then on new tasks wait until you"
            " have accepted the new terms; the task you hold keeps the ones you have, and what you"
            f" did is paid as it was.\n\n{link}\n\nTouchstone\n"
        )
        subject = f"Other hours in {project.title}"
        mail.send(session, to=account.email, subject=subject, body=body, now=now)
