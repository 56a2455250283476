"""Budgets: set, compared with what is spent and promised, and people told at 80 and 100 per cent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from payouts.models import Budget, BudgetAlert
from payouts.queries import budgets as queries
from payouts.service import letters
from portal import audit
from portal.errors import Invalid
from portal.money import Money
from tasks.models import Project

LEVELS: Final = (80, 100)
"""Per cent of a budget at which people are told."""


@dataclass(frozen=True)
class Burn:
    """Where a project's budget stands."""

    budget: Money | None
    booked: Money
    """On statements."""
    accruing: Money
    """Worked and approved bonuses, on no statement yet."""
    committed: Money
    """The most that the assignments people hold now may come to."""

    @property
    def total(self) -> Money:
        """All three together."""
        return self.booked + self.accruing + self.committed

    @property
    def percent(self) -> int | None:
        """Of the budget, rounded down; None without one."""
        return self.total.minor * 100 // self.budget.minor if self.budget else None


def burn(session: Session, project: Project) -> Burn:
    """What the project's budget holds, has spent and has promised."""
    currency = project.currency
    newest = session.scalar(queries.newest(project.id))
    booked = session.scalar(queries.booked(project.id, currency)) or 0
    accruing = session.scalar(queries.accruing(project.id)) or 0
    accruing += session.scalar(queries.judged(project.id)) or 0
    accruing += session.scalar(queries.promised(project.id)) or 0
    committed = session.scalar(queries.committed(project.id)) or 0
    return Burn(
        budget=Money(newest.minor, currency) if newest else None,
        booked=Money(booked, currency),
        accruing=Money(accruing, currency),
        committed=Money(committed, currency),
    )


def set_budget(
    session: Session, project: Project, amount: Money, *, by: int, now: datetime
) -> Budget:
    """Set what the project may cost from now on. Alerts begin anew."""
    if amount.minor <= 0 or amount.currency != project.currency:
        raise Invalid(f"A budget is an amount above zero in {project.currency}.")
    budget = Budget(project_id=project.id, minor=amount.minor, set_by_id=by, set_at=now)
    session.add(budget)
    session.flush()
    subject = ("project", project.id)
    details = {"minor": amount.minor}
    audit.record(session, actor=by, action="budget.set", subject=subject, now=now, details=details)
    return budget


def watch(session: Session, *, now: datetime) -> int:
    """Tell people of every budget that has come to 80 or 100 per cent, each once; gives how many."""
    told = 0
    for budget in session.scalars(queries.every_newest()).all():
        project = session.get_one(Project, budget.project_id)
        found = burn(session, project)
        for level in LEVELS:
            reached = found.total.minor * 100 >= budget.minor * level
            if reached and _first(session, budget, level, found.total, now):
                letters.budget_reached(session, project, level=level, total=found.total, now=now)
                told += 1
    return told


def _first(session: Session, budget: Budget, level: int, total: Money, now: datetime) -> bool:
    """Keep that it was reached; False where people were told before."""
    row = {
        "budget_id": budget.id,
        "percent": level,
        "reached_minor": total.minor,
        "alerted_at": now,
    }
    statement = insert(BudgetAlert).values(row).on_conflict_do_nothing()
    return session.scalar(statement.returning(sa.literal(value=True))) is not None
