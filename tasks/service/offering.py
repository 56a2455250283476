"""What an expert can work on now, at what rate, or why nothing: for the home page and the list."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Account, AccountState
from portal.money import Money
from tasks.models import (
    Assignment,
    AssignmentState,
    Enrolment,
    Pool,
    Project,
    ProjectState,
    Rate,
    RateCard,
    RateUnit,
    Terms,
)
from tasks.queries import projects as queries
from tasks.queries import work as work_queries
from tasks.service import eligibility
from tasks.service.reasons import Reason


@dataclass(frozen=True)
class Offered:
    """A project as one expert sees it."""

    project: Project
    rate: Money | None
    """An hour's pay: by the accepted terms, else by the newest card; None where only tasks pay."""
    accepted: bool
    obstacle: Reason | None
    """None: tasks are open. Never how many: a number that stays after an answer tells of a probe."""


@dataclass(frozen=True)
class _Known:
    """Everything the list needs, fetched in as many queries as it has fields."""

    terms: dict[int, Terms]
    rates: dict[int, int]
    open: set[int]
    paused: set[int]
    held: set[str]
    active: bool


def offered(session: Session, expert_id: int, *, now: datetime) -> list[Offered]:
    """The projects that the expert may see, those with work first. A constant number of queries."""
    projects = list(session.scalars(queries.offered_to(expert_id)))
    if not projects:
        return []
    known = _known(session, expert_id, projects, now)
    found = [_offer(project, known) for project in projects]
    return sorted(found, key=lambda each: (each.obstacle is not None, not each.accepted))


def _offer(project: Project, known: _Known) -> Offered:
    terms = known.terms.get(project.id)
    minor = terms.hourly_minor if terms else known.rates.get(project.id)
    return Offered(
        project=project,
        rate=Money(minor, project.currency) if minor else None,
        accepted=terms is not None,
        obstacle=_obstacle(project, known),
    )


def _obstacle(project: Project, known: _Known) -> Reason | None:
    checks = (
        (Reason.ACCOUNT_PAUSED, not known.active),
        (Reason.NOT_OPEN, project.state is not ProjectState.OPEN),
        (Reason.NO_QUALIFICATION, project.required_qualification not in {None, *known.held}),
        (Reason.ENROLMENT_PAUSED, project.id in known.paused),
        (Reason.NO_OPEN_TASK, project.id not in known.open),
    )
    return next((reason for reason, holds in checks if holds), None)


def _known(session: Session, expert_id: int, projects: list[Project], now: datetime) -> _Known:
    ids = [project.id for project in projects]
    pools = dict(
        session.execute(sa.select(Pool.id, Pool.project_id).where(Pool.project_id.in_(ids))).all()
    )
    terms = session.scalars(
        sa.select(Terms)
        .where(Terms.expert_id == expert_id, Terms.project_id.in_(ids))
        .order_by(Terms.id)
    )
    places = sa.select(Enrolment.pool_id).where(
        Enrolment.expert_id == expert_id, Enrolment.paused_at.is_not(None)
    )
    needs_exam = any(project.required_qualification for project in projects)
    state = session.scalar(sa.select(Account.state).where(Account.id == expert_id))
    return _Known(
        terms={each.project_id: each for each in terms},
        rates=_rates(session, ids, now),
        open=_open(session, expert_id, pools),
        paused={pools[pool] for pool in session.scalars(places) if pool in pools},
        held=eligibility.held_slugs(session, expert_id, now=now) if needs_exam else set(),
        active=state is AccountState.ACTIVE,
    )


def _rates(session: Session, ids: list[int], now: datetime) -> dict[int, int]:
    """The hourly rate of each project's newest card."""
    current = (
        sa.select(RateCard.project_id, Rate.minor)
        .join(Rate, Rate.rate_card_id == RateCard.id)
        .where(RateCard.project_id.in_(ids), Rate.unit == RateUnit.HOUR, Rate.starts_at <= now)
        .where(sa.or_(Rate.ends_at.is_(None), Rate.ends_at > now))
        .order_by(RateCard.number)
    )
    return {project_id: minor for project_id, minor in session.execute(current)}  # noqa: C416  typed


def _open(session: Session, expert_id: int, pools: dict[int, int]) -> set[int]:
    """The projects with a task for the expert; one that they hold is one."""
    holding = sa.select(Assignment.pool_id).where(
        Assignment.expert_id == expert_id, Assignment.state == AssignmentState.OPEN
    )
    either = sa.union(work_queries.open_for(expert_id, list(pools)), holding)
    return {pools[pool_id] for pool_id in session.scalars(either) if pool_id in pools}
