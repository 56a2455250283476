"""Setting a project up: its guideline, policy, rates and agreement, and opening it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import agreements, audit
from portal.errors import Conflict, Invalid
from tasks.models import (
    Clause,
    Guideline,
    GuidelineVersion,
    Policy,
    PolicyVersion,
    Pool,
    Project,
    Rate,
    RateCard,
    RateUnit,
)
from tasks.queries import projects as queries
from tasks.rules import Rules, stored


@dataclass(frozen=True)
class Price:
    """One price of a new rate card."""

    minor: int
    unit: RateUnit = RateUnit.HOUR
    starts_at: datetime | None = None
    """None: from the card's publication on."""
    ends_at: datetime | None = None
    tier: str = "standard"
    locale: str = ""


def create(session: Session, project: Project, *, actor: int | None, now: datetime) -> Project:
    """Add a draft project with its first pool. Raises `Conflict` where the slug is taken."""
    if session.scalar(sa.select(Project.id).where(Project.slug == project.slug)):
        raise Conflict(f"There is already a project called “{project.slug}”.")
    session.add(project)
    session.flush()
    session.add(Pool(project.id, project.locale, project.required_qualification))
    session.flush()
    _note(session, project, "project.created", actor, now)
    return project


def publish_guideline(
    session: Session,
    *,
    organisation_id: int,
    slug: str,
    title: str,
    label: str,
    body: str,
    now: datetime,
    actor: int | None = None,
) -> GuidelineVersion:
    """Make the text the guideline's newest version; the same text again is the version it already is."""
    guideline = session.scalar(
        sa.select(Guideline).where(
            Guideline.organisation_id == organisation_id, Guideline.slug == slug
        )
    )
    if guideline is None:
        guideline = Guideline(organisation_id, slug, title)
        session.add(guideline)
        session.flush()
    newest = session.scalar(
        sa.select(GuidelineVersion)
        .where(GuidelineVersion.guideline_id == guideline.id)
        .order_by(GuidelineVersion.number.desc())
        .limit(1)
    )
    digest = hashlib.sha256(body.encode()).digest()
    if newest is not None and newest.sha256 == digest:
        return newest
    version = GuidelineVersion(
        guideline_id=guideline.id,
        number=newest.number + 1 if newest else 1,
        label=label,
        body=body,
        sha256=digest,
        published_at=now,
        published_by_id=actor,
    )
    session.add(version)
    session.flush()
    return version


def guideline_slug(session: Session, project: Project) -> str:
    """What the project's guideline is called; a new one is called as the project is."""
    mine = sa.select(Guideline.slug).where(Guideline.id == project.guideline_id)
    return session.scalar(mine) or project.slug


def publish_policy(
    session: Session,
    *,
    organisation_id: int,
    slug: str,
    title: str,
    label: str,
    introduction: str,
    clauses: Sequence[dict[str, Any]],
    effective_on: date,
    now: datetime,
) -> PolicyVersion:
    """Make the clauses (`number`, `title`, `text`, `action`) the policy's newest version."""
    policy = session.scalar(
        sa.select(Policy).where(Policy.organisation_id == organisation_id, Policy.slug == slug)
    )
    if policy is None:
        policy = Policy(organisation_id, slug, title)
        session.add(policy)
        session.flush()
    newest = session.scalar(queries.newest_policy(policy.id))
    number = newest.number + 1 if newest else 1
    version = PolicyVersion(policy.id, number, label, introduction, effective_on, now)
    session.add(version)
    session.flush()
    session.add_all(
        Clause(version.id, each["number"], place, each["title"], each["text"], each["action"])
        for place, each in enumerate(clauses)
    )
    session.flush()
    return version


def publish_rates(
    session: Session,
    project: Project,
    prices: Sequence[Price],
    *,
    now: datetime,
    actor: int | None = None,
    rules: Rules | None = None,
) -> RateCard:
    """Publish the project's next rate card. It pays an expert only once they accept it.

    It has a rate by the hour, unless its rules say that tasks are paid by the task and it says how.
    """
    units = {price.unit for price in prices}
    by_task = RateUnit.TASK in units and rules is not None and rules.by_task
    if RateUnit.HOUR not in units and not by_task:
        raise Invalid("A rate card needs an hourly rate, or pays by the task alone.")
    newest = session.scalar(queries.newest_rate_card(project.id))
    number, said = newest.number + 1 if newest else 1, stored(rules or Rules())
    card = RateCard(project.id, number, project.currency, now, actor, said)
    session.add(card)
    session.flush()
    session.add_all(
        Rate(
            rate_card_id=card.id,
            unit=price.unit,
            minor=price.minor,
            starts_at=price.starts_at or now,
            ends_at=price.ends_at,
            tier=price.tier,
            locale=price.locale,
        )
        for price in prices
    )
    session.flush()
    audit.record(
        session, actor=actor, action="rate_card.published", subject=("rate_card", card.id), now=now
    )
    return card


def publish_agreement(
    session: Session,
    project: Project,
    *,
    title: str,
    body: str,
    now: datetime,
    actor: int | None = None,
) -> agreements.AgreementVersion:
    """Publish what an expert accepts together with the rate."""
    kind = project.agreement_kind
    return agreements.publish(session, kind=kind, title=title, body=body, now=now, actor=actor)


def open_project(session: Session, project: Project, *, actor: int | None, now: datetime) -> None:
    """Let work begin or go on. Raises `Conflict` naming what is missing."""
    missing = what_is_missing(session, project)
    if missing:
        raise Conflict(f"This project can't open yet. It still needs {' and '.join(missing)}.")
    project.open(now=now)
    session.flush()
    _note(session, project, "project.opened", actor, now)


def pause_project(session: Session, project: Project, *, actor: int | None, now: datetime) -> None:
    """Hand out nothing new; what experts hold may be finished and is paid."""
    project.pause()
    _note(session, project, "project.paused", actor, now)


def close_project(session: Session, project: Project, *, actor: int | None, now: datetime) -> None:
    """End the project; what experts hold may be finished and is paid."""
    project.close(now=now)
    _note(session, project, "project.closed", actor, now)


def what_is_missing(session: Session, project: Project) -> list[str]:
    """What the project needs before it can open."""
    found = {
        "a guideline": project.guideline_id
        and session.scalar(queries.newest_guideline(project)) is not None,
        "a rate card": session.scalar(queries.newest_rate_card(project.id)) is not None,
        "an agreement": agreements.current(session, project.agreement_kind) is not None,
    }
    return [name for name, there in found.items() if not there]


def _note(
    session: Session, project: Project, action: str, actor: int | None, now: datetime
) -> None:
    audit.record(session, actor=actor, action=action, subject=("project", project.id), now=now)
