"""Projects through grants, and the versions that hold for them now."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from portal.access import Role
from portal.accounts.models import Grant
from tasks.models import (
    Clause,
    GuidelineVersion,
    PolicyVersion,
    Pool,
    Project,
    ProjectState,
    Rate,
    RateCard,
    Terms,
)


def projects_of(account_id: int, *roles: Role) -> sa.Select[Project]:
    """The projects that the account's live grants in one of the roles reach: all, an organisation's, one."""
    reaches = sa.or_(
        Grant.organisation_id.is_(None),
        sa.and_(Grant.organisation_id == Project.organisation_id, Grant.project_id.is_(None)),
        Grant.project_id == Project.id,
    )
    granted = sa.exists().where(
        Grant.account_id == account_id, Grant.role.in_(roles), Grant.revoked_at.is_(None), reaches
    )
    return sa.select(Project).where(granted)


def offered_to(account_id: int) -> sa.Select[Project]:
    """The projects that an expert may see: those that were opened and are not closed."""
    running = Project.state.in_([ProjectState.OPEN, ProjectState.PAUSED])
    return projects_of(account_id, Role.EXPERT).where(running).order_by(Project.title)


def newest_guideline(project: Project) -> sa.Select[GuidelineVersion]:
    """The guideline version that holds now."""
    of_project = GuidelineVersion.guideline_id == project.guideline_id
    newest = GuidelineVersion.number.desc()
    return sa.select(GuidelineVersion).where(of_project).order_by(newest).limit(1)


def newest_rate_card(project_id: int) -> sa.Select[RateCard]:
    """The project's last published card."""
    of_project = sa.select(RateCard).where(RateCard.project_id == project_id)
    return of_project.order_by(RateCard.number.desc()).limit(1)


def rates(card: RateCard, locale: str, tier: str = "standard") -> sa.Select[Rate]:
    """A card's prices for a language of work: its own where there are any, else those for any."""
    here = sa.select(Rate).where(Rate.rate_card_id == card.id, Rate.tier == tier)
    own = sa.exists().where(Rate.rate_card_id == card.id, Rate.tier == tier, Rate.locale == locale)
    wanted = sa.case((sa.select(own).scalar_subquery(), locale), else_="")
    return here.where(Rate.locale == wanted).order_by(Rate.unit, Rate.starts_at)


def current_terms(expert_id: int, project_id: int) -> sa.Select[Terms]:
    """The terms that the expert accepted last."""
    mine = sa.select(Terms).where(Terms.expert_id == expert_id, Terms.project_id == project_id)
    return mine.order_by(Terms.id.desc()).limit(1)


def terms_at(expert_id: int, project_id: int, moment: datetime) -> sa.Select[Terms]:
    """The terms that the expert had accepted last before a moment."""
    return current_terms(expert_id, project_id).where(Terms.accepted_at < moment)


def pools(project_id: int) -> sa.Select[Pool]:
    """A project's pools."""
    return sa.select(Pool).where(Pool.project_id == project_id).order_by(Pool.id)


def newest_policy(policy_id: int | None) -> sa.Select[PolicyVersion]:
    """The policy version published last."""
    of_policy = sa.select(PolicyVersion).where(PolicyVersion.policy_id == policy_id)
    return of_policy.order_by(PolicyVersion.number.desc()).limit(1)


def clauses(version: PolicyVersion, numbers: Iterable[str] | None = None) -> sa.Select[Clause]:
    """A policy version's clauses, all or those of the numbers, in the policy's order."""
    found = sa.select(Clause).where(Clause.policy_version_id == version.id)
    if numbers is not None:
        found = found.where(Clause.number.in_(list(numbers)))
    return found.order_by(Clause.position)
