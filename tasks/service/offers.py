"""What a project offers an expert, and the frozen snapshot of it that they accept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import agreements, audit
from portal.agreements import AgreementVersion
from portal.errors import Conflict
from portal.money import Money, plain
from tasks.models import Project, Rate, RateCard, RateUnit, Terms
from tasks.queries import projects as queries
from tasks.rules import parse
from tasks.service import caps
from tasks.service.caps import Caps

_UNITS: Final = {
    RateUnit.TASK: "{} {} for each task.",
    RateUnit.TRAINING: "{} {} an hour for training.",
}


@dataclass(frozen=True)
class Offer:
    """The newest card and agreement of a project, and the caps that hold."""

    card: RateCard
    rates: list[Rate]
    agreement: AgreementVersion
    hourly_minor: int
    """0 where the card pays by the task alone."""
    caps: Caps


def offer(session: Session, project: Project, *, now: datetime) -> Offer | None:
    """What an expert would accept now; None where the project is not set up or pays nothing now."""
    card = session.scalar(queries.newest_rate_card(project.id))
    agreement = agreements.current(session, project.agreement_kind)
    if card is None or agreement is None:
        return None
    rates = list(session.scalars(queries.rates(card, project.locale)))
    hourly = next((rate.minor for rate in rates if _holds(rate, RateUnit.HOUR, now)), None)
    by_task = parse(card.rules).by_task and any(_holds(r, RateUnit.TASK, now) for r in rates)
    if hourly is None and not by_task:
        return None
    return Offer(card, rates, agreement, hourly or 0, caps.in_force(session, project, now=now))


def is_newer(offer: Offer, terms: Terms) -> bool:
    """Whether there is something to accept beyond what was."""
    accepted = (terms.rate_card_id, terms.caps_version_id)
    return (offer.card.id, offer.caps.version_id) != accepted


def also_pays(offer: Offer, *, now: datetime) -> list[str]:
    """What the card pays beside the hourly rate, and its rules, in words: read before accepting."""
    currency = offer.card.currency
    said = [
        words.format(plain(Money(rate.minor, currency)), currency)
        for unit, words in _UNITS.items()
        for rate in offer.rates
        if rate.unit is unit
        and rate.starts_at <= now
        and not (rate.ends_at and rate.ends_at <= now)
    ]
    if not offer.hourly_minor:
        said.append("There is no rate by the hour: reading is part of what a task pays.")
    return said + parse(offer.card.rules).words(currency)


def accept(
    session: Session, *, expert_id: int, project: Project, agreement_version_id: int, now: datetime
) -> Terms:
    """Record that the expert accepts agreement and rate, frozen as they are now.

    Accepting the same again gives the terms already there. Raises `Conflict` where the agreement
    shown is not the newest any more.
    """
    found = offer(session, project, now=now)
    if found is None:
        raise Conflict("This project has no rate to accept yet.")
    if found.agreement.id != agreement_version_id:
        raise Conflict(
            "The agreement has changed since you opened this page. Please read it again."
        )
    agreements.accept(session, account_id=expert_id, version=found.agreement, now=now)
    same = session.scalar(
        sa.select(Terms).where(
            Terms.expert_id == expert_id,
            Terms.rate_card_id == found.card.id,
            Terms.agreement_version_id == found.agreement.id,
            Terms.caps_version_id.is_not_distinct_from(found.caps.version_id),
        )
    )
    return same or _freeze(session, expert_id, project, found, now)


def _freeze(
    session: Session, expert_id: int, project: Project, found: Offer, now: datetime
) -> Terms:
    terms = Terms(
        expert_id=expert_id,
        project_id=project.id,
        rate_card_id=found.card.id,
        agreement_version_id=found.agreement.id,
        accepted_at=now,
        currency=found.card.currency,
        hourly_minor=found.hourly_minor,
        rates=[_frozen(rate) for rate in found.rates],
        hold_seconds=project.hold_seconds,
        idle_limit_seconds=project.idle_limit_seconds,
        task_cap_seconds=found.caps.task_cap_seconds,
        day_cap_seconds=found.caps.day_cap_seconds,
        week_cap_seconds=found.caps.week_cap_seconds,
        caps_version_id=found.caps.version_id,
        rules=found.card.rules,
        claim_day_seconds=project.claim_day_seconds,
    )
    session.add(terms)
    session.flush()
    audit.record(
        session, actor=expert_id, action="terms.accepted", subject=("terms", terms.id), now=now
    )
    return terms


def _frozen(rate: Rate) -> dict[str, str | int | None]:
    return {
        "unit": rate.unit.value,
        "minor": rate.minor,
        "from": rate.starts_at.isoformat(),
        "until": rate.ends_at.isoformat() if rate.ends_at else None,
    }


def _holds(rate: Rate, unit: RateUnit, now: datetime) -> bool:
    return (
        rate.unit is unit and rate.starts_at <= now and (rate.ends_at is None or now < rate.ends_at)
    )
