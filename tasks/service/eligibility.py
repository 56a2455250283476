"""Whether an expert may work in a pool: asked of the exams only when something changed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams import queries as exams
from exams.models import Qualification
from portal.accounts.models import Account, AccountState
from tasks.models import Enrolment, Pool, Project, ProjectState
from tasks.service.reasons import Reason


def obstacle(
    session: Session, *, enrolment: Enrolment, pool: Pool, project: Project, now: datetime
) -> Reason | None:
    """What keeps the expert from new tasks of the pool, or None.

    The qualification is looked up again only where the account's `qualification_revision` is not
    the enrolment's, or what was found then has run out.
    """
    if project.state is not ProjectState.OPEN:
        return Reason.NOT_OPEN
    state, revision = session.execute(
        sa.select(Account.state, Account.qualification_revision).where(
            Account.id == enrolment.expert_id
        )
    ).one()
    if state is not AccountState.ACTIVE:
        return Reason.ACCOUNT_PAUSED
    if session.scalar(_paused_in(project.id, enrolment.expert_id)):
        return Reason.ENROLMENT_PAUSED
    stale = enrolment.valid_until is not None and enrolment.valid_until <= now
    if stale or enrolment.qualification_revision != revision:
        enrolment.valid_until = valid_until(session, enrolment.expert_id, pool, now=now)
        enrolment.qualification_revision = revision
    refused = pool.qualification is not None and (
        enrolment.valid_until is None or enrolment.valid_until <= now
    )
    return Reason.NO_QUALIFICATION if refused else None


def _paused_in(project_id: int, expert_id: int) -> sa.Select[bool]:
    """Whether the expert's work on the project is paused: in one of its pools is in all."""
    places = sa.select(Enrolment.pool_id).join(Pool, Pool.id == Enrolment.pool_id)
    mine = places.where(Pool.project_id == project_id, Enrolment.expert_id == expert_id)
    return sa.select(mine.where(Enrolment.paused_at.is_not(None)).exists())


def valid_until(session: Session, expert_id: int, pool: Pool, *, now: datetime) -> datetime | None:
    """Until when the expert holds the pool's qualification; None where they do not hold it."""
    if pool.qualification is None:
        return None
    live = exams.live_qualifications(expert_id, now)
    grants = session.scalars(
        live.join(Qualification).where(Qualification.slug == pool.qualification)
    )
    return max((grant.expires_at for grant in grants), default=None)


def qualified(session: Session, expert_id: int, project: Project, *, now: datetime) -> bool:
    """Whether the expert holds what the project asks for now."""
    return project.required_qualification in {None, *held_slugs(session, expert_id, now=now)}


def held_slugs(session: Session, expert_id: int, *, now: datetime) -> set[str]:
    """The slugs of the qualifications the expert holds now."""
    live = exams.live_qualifications(expert_id, now).subquery()
    slug = Qualification.slug
    held = sa.select(slug).join(live, live.c.qualification_id == Qualification.id)
    return set(session.scalars(held))
