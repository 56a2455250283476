"""What the workbench shows: the task, the draft, the guideline's sections, the session so far."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import sqlalchemy as sa
from flask import render_template
from sqlalchemy.orm import Session

from portal.db import one_or_404
from portal.money import Money, round_half_up
from tasks.guideline_text import sections
from tasks.models import (
    Assignment,
    AssignmentState,
    GuidelineVersion,
    Judgment,
    Pool,
    Project,
    Segment,
    Terms,
)
from tasks.queries import clock as clock_queries
from tasks.queries import projects as project_queries
from tasks.queries import time as time_queries
from tasks.queries import work as queries
from tasks.service.clock import standing
from tasks.service.extensions import step
from tasks.service.planned import ASKED_AT, may_read, planned
from tasks.terms import by_task, parts, price
from tasks.types import BadField, kind


def bench(
    session: Session,
    assignment: Assignment,
    *,
    entries: Mapping[str, str] | None = None,
    problem: BadField | None = None,
) -> str:
    """The page for one assignment; nothing on it depends on what kind of task was drawn."""
    pool = session.get_one(Pool, assignment.pool_id)
    project = session.get_one(Project, pool.project_id)
    terms = session.get_one(Terms, assignment.terms_id)
    guideline = session.get_one(GuidelineVersion, assignment.guideline_version_id)
    payload = one_or_404(session, queries.payload(assignment))
    rules = kind(payload.task_type)
    draft = session.scalar(queries.draft(assignment))
    view = rules.view(payload.value, assignment.order_shown)
    return render_template(
        "tasks/work.html",
        public_id=assignment.public_id,
        late=assignment.state is AssignmentState.EXPIRED,
        project=project,
        rate=Money(terms.hourly_minor, terms.currency) if terms.hourly_minor else None,
        guideline=guideline,
        sections=[each for each in sections(guideline.body) if each.level == 3],
        middle=rules.template,
        view=view,
        clauses=_clauses(session, project, view),
        entries=entries if entries is not None else (draft.entries if draft else {}),
        saved_at=draft.saved_at if draft else None,
        problem=problem,
        sitting=sitting(session, assignment.expert_id, project),
        planned=planned(session, assignment),
        may_read=may_read(session, terms, assignment),
        ask_from=ASKED_AT,
        more=step(terms),
        questions=session.scalars(queries.questions_about(assignment)).all(),
        asked=session.scalars(clock_queries.extensions(assignment)).all(),
        claims=session.scalars(time_queries.just_offered(assignment.expert_id)).all(),
    )


def sitting(session: Session, expert_id: int, project: Project) -> dict[str, Any]:
    """The live session in numbers: judgments, credited seconds, what they are worth so far."""
    live = session.scalar(time_queries.live_session(expert_id))
    if live is None or live.project_id != project.id:
        return {"judgments": 0, "seconds": 0, "worth": Money(0, project.currency), "counting": False, "parts": [], "standing": None}  # fmt: skip
    terms = session.get_one(Terms, live.terms_id)
    spans = session.scalars(sa.select(Segment).where(Segment.session_id == live.id)).all()
    judged = (
        sa.select(Judgment)
        .join(Pool, Pool.id == Judgment.pool_id)
        .where(Judgment.expert_id == expert_id, Judgment.submitted_at >= live.started_at)
        .where(Pool.project_id == project.id)
    )
    judgments = session.scalars(judged).all()
    return {
        "judgments": len(judgments),
        "seconds": sum((span.ended_at - span.started_at).total_seconds() for span in spans),
        "worth": Money(round_half_up(_worth(spans, judgments, terms)), terms.currency),
        "counting": True,
        "standing": standing(session, live),
        "parts": [
            (float(part.seconds), Money(part.hourly_minor, terms.currency))
            for part in (parts(spans, terms) if terms.hourly_minor else ())
        ],
    }


def _worth(spans: Sequence[Segment], judgments: Sequence[Judgment], terms: Terms) -> Fraction:
    """What the session is worth so far: by the hour and the task, or by the task alone."""
    return price(spans, judgments, terms) if terms.hourly_minor else by_task(judgments, terms)


def _clauses(session: Session, project: Project, view: Mapping[str, Any]) -> list[Any]:
    """The policy's clauses that the task names, in the policy's order."""
    numbers = view.get("clauses")
    policy = session.scalar(project_queries.newest_policy(project.policy_id)) if numbers else None
    return list(session.scalars(project_queries.clauses(policy, numbers))) if policy else []
