"""Finding decisions and appeals through the person who asks."""

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.access import Principal, Role
from portal.accounts.models import Account
from portal.accounts.queries import people_seen_by
from portal.contributions import installed
from portal.decisions.models import Appeal, AppealState, Decision

ANSWERS_APPEALS = (Role.REVIEWER, Role.MANAGER, Role.COMPLIANCE)


def decisions_seen_by(who: Principal) -> sa.Select[Decision]:
    """Decisions about the person or made by them, and those whose appeal is theirs to answer.

    Compliance and administrators see every decision.
    """
    query = sa.select(Decision)
    if not who.roles.isdisjoint({Role.ADMIN, Role.COMPLIANCE}):
        return query
    seen = [Decision.account_id == who.account_id, Decision.decided_by_id == who.account_id]
    if not who.roles.isdisjoint(ANSWERS_APPEALS):
        seen.append(Decision.id.in_(appeals_for(who).with_only_columns(Appeal.decision_id)))
    return query.where(sa.or_(*seen))


def appeals_for(who: Principal) -> sa.Select[Appeal]:
    """Appeals that this person may answer: of people they may see, never about or by themself."""
    people = people_seen_by(who).with_only_columns(Account.id)
    hidden = set() if Role.COMPLIANCE in who.roles else installed().confidential_decisions
    return (
        sa.select(Appeal)
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(Decision.account_id.in_(people), Decision.account_id != who.account_id)
        .where(Decision.decided_by_id.is_distinct_from(who.account_id))
        .where(Decision.kind.not_in(hidden))
    )


def open_appeals(who: Principal) -> sa.Select[Appeal, Decision, str]:
    """What waits for an answer, the most urgent first, with the name of the person it is about."""
    waiting = appeals_for(who).where(Appeal.state == AppealState.OPEN)
    return (
        waiting.join(Account, Account.id == Decision.account_id)
        .with_only_columns(Appeal, Decision, Account.display_name)
        .order_by(Appeal.answer_by, Appeal.id)
    )


def names(decision: Decision) -> sa.Select[str, str]:
    """The names of the person concerned and of who decided."""
    by = aliased(Account)
    return (
        sa.select(Account.display_name, by.display_name)
        .join(Decision, Decision.account_id == Account.id)
        .outerjoin(by, by.id == Decision.decided_by_id)
        .where(Decision.id == decision.id)
    )


def about(account_id: int) -> sa.Select[Decision]:
    """The decisions about someone, the newest first."""
    query = sa.select(Decision).where(Decision.account_id == account_id)
    return query.order_by(Decision.id.desc())


def replacement(decision: Decision) -> sa.Select[Decision]:
    """The decision that replaced this one, if any."""
    return sa.select(Decision).where(Decision.replaces_id == decision.id).limit(1)


def appeal_against(decision: Decision) -> sa.Select[Appeal]:
    """The one appeal against a decision, if it was made."""
    return sa.select(Appeal).where(Appeal.decision_id == decision.id)
