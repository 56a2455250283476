"""Builders for projects, tasks, enrolments and assignments."""

from datetime import datetime, timedelta
from typing import Any

from portal import agreements
from portal.access import Role
from portal.accounts.models import Account, Organisation
from portal.ids import random_id
from tasks.models import (
    Assignment,
    Enrolment,
    Pool,
    Project,
    Task,
    TaskPayload,
    TaskType,
    Terms,
    Timesheet,
    WorkSession,
)
from tasks.queries import projects as project_queries
from tasks.queries import time as time_queries
from tasks.service import claim, clock, gold, offers, projects, timesheets
from tests.portal.make import PortalMake

PAIR = {
    "prompt": "Which of these is safer?",
    "context": None,
    "a": "Report it and keep a copy.",
    "b": "Do nothing about it.",
}
CASE = {
    "case": "A member writes: see you at six, bring a friend.",
    "verdict": "No violation",
    "steps": ["It names a time.", "No weapon is named.", "So it cannot be a threat."],
    "clauses": [],
}


class TasksMake(PortalMake):
    """Projects that are open, experts who have accepted their terms, tasks to be judged."""

    def expert(self, *, name: str = "Amara Okafor") -> Account:
        """An expert."""
        return self.account(Role.EXPERT, name=name)

    def project(
        self,
        *,
        organisation: Organisation | None = None,
        task_type: TaskType = TaskType.PREFERENCE,
        opened: bool = True,
        hourly_minor: int = 3850,
        tasks: int = 0,
        **fields: Any,  # noqa: ANN401  as the model has them
    ) -> Project:
        """A project with guideline, agreement and rate card, open unless told otherwise."""
        organisation = organisation or self.organisation()
        slug = fields.pop("slug", f"project-{self.number()}")
        given: dict[str, Any] = {
            "title": "Harassment answers, preference",
            "line": "Choose the better answer.",
            "question": "Which answer would you rather a moderator read?",
            "currency": "USD",
            "gold_share": 0.0,
            **fields,
        }
        project = Project(
            organisation_id=organisation.id,
            slug=slug,
            task_type=task_type,
            created_at=self.now,
            **given,
        )
        projects.create(self.session, project, actor=None, now=self.now)
        self.set_up(project, hourly_minor=hourly_minor)
        if opened:
            projects.open_project(self.session, project, actor=None, now=self.now)
        self.tasks(project, tasks)
        return project

    def set_up(self, project: Project, *, hourly_minor: int = 3850) -> None:
        """Give a project what it needs to open."""
        version = projects.publish_guideline(
            self.session,
            organisation_id=project.organisation_id,
            slug=project.slug,
            title="How to compare two answers",
            label="2.0",
            body="### 2.1 What counts as better\n\nBe helpful.\n\n### 2.4 Length is not quality\n\nShort.",
            now=self.now,
        )
        project.guideline_id = version.guideline_id
        projects.publish_agreement(
            self.session,
            project,
            title="Project agreement",
            body="We pay by the hour.",
            now=self.now,
        )
        price = projects.Price(hourly_minor, starts_at=self.now - timedelta(days=365))
        projects.publish_rates(self.session, project, [price], now=self.now)

    def pool(self, project: Project) -> Pool:
        """The project's first pool."""
        return self.session.scalars(project_queries.pools(project.id)).one()

    def task(
        self,
        project: Project,
        *,
        payload: dict[str, Any] | None = None,
        key: str | None = None,
        pool: Pool | None = None,
    ) -> Task:
        """One thing to judge."""
        task = Task(
            pool_id=(pool or self.pool(project)).id,
            key=key or f"t-{self.number()}",
            draw_key=self.number(),
            open_slots=project.overlap,
            imported_at=self.now,
        )
        self.session.add(task)
        self.session.flush()
        usual = PAIR if project.task_type is TaskType.PREFERENCE else CASE
        self.session.add(
            TaskPayload(
                pool_id=task.pool_id,
                task_id=task.id,
                task_type=project.task_type,
                schema_version=1,
                value=payload or usual,
                sha256=bytes(32),
            )
        )
        self.session.flush()
        return task

    def tasks(self, project: Project, count: int) -> list[Task]:
        """Several of them."""
        return [self.task(project) for _ in range(count)]

    def gold(self, project: Project, *, choice: str = "a", count: int = 1) -> list[Task]:
        """Tasks whose answer is known."""
        made = self.tasks(project, count)
        answers = {task.key: {"choice": choice, "strength": None} for task in made}
        gold.make_gold(self.session, project, answers, by=None, now=self.now)
        return made

    def terms(self, expert: Account, project: Project) -> Terms:
        """What the expert accepted."""
        version = agreements.current(self.session, project.agreement_kind)
        assert version is not None
        return offers.accept(
            self.session,
            expert_id=expert.id,
            project=project,
            agreement_version_id=version.id,
            now=self.now,
        )

    def enrolment(
        self,
        *,
        project: Project | None = None,
        expert: Account | None = None,
        open_tasks: int = 0,
    ) -> Enrolment:
        """An expert's place in a project's pool, terms accepted."""
        project = project or self.project()
        self.tasks(project, open_tasks)
        expert = expert or self.expert()
        self.terms(expert, project)
        return claim.enrol(self.session, expert_id=expert.id, pool=self.pool(project), now=self.now)

    def assignment(
        self,
        *,
        project: Project | None = None,
        expert: Account | None = None,
        opened_at: datetime | None = None,
    ) -> Assignment:
        """A task that an expert holds."""
        project = project or self.project(tasks=1)
        enrolment = self.enrolment(project=project, expert=expert)
        found = claim.claim_in_project(
            self.session,
            expert_id=enrolment.expert_id,
            project=project,
            public_id=random_id(),
            now=opened_at or self.now,
        )
        assert isinstance(found, Assignment), found
        return found

    def work_session(
        self,
        *,
        project: Project | None = None,
        expert: Account | None = None,
        started_at: datetime | None = None,
    ) -> WorkSession:
        """A running clock."""
        project = project or self.project()
        expert = expert or self.expert()
        return clock.start(
            self.session,
            expert_id=expert.id,
            project=project,
            terms=self.terms(expert, project),
            public_id=random_id(),
            now=started_at or self.now,
        )

    def worked(self, live: WorkSession, *, seconds: int) -> datetime:
        """Beats every 30 seconds for as long; gives the moment after them."""
        begun, at = live.last_beat_at, live.last_beat_at
        while at < begun + timedelta(seconds=seconds):
            at = min(at + timedelta(seconds=30), begun + timedelta(seconds=seconds))
            clock.beat(
                self.session,
                live,
                epoch=live.epoch,
                seq=live.last_seq + 1,
                idle_seconds=0,
                now=at,
            )
        return at

    def timesheet(
        self,
        *,
        project: Project | None = None,
        expert: Account | None = None,
        seconds: int = 3600,
        submitted: bool = False,
    ) -> Timesheet:
        """A week's sheet with credited time."""
        live = self.work_session(project=project, expert=expert)
        end = self.worked(live, seconds=seconds)
        clock.stop(self.session, live, now=end)
        sheet = self.session.scalars(
            time_queries.timesheets_of(live.expert_id).where(
                Timesheet.project_id == live.project_id
            )
        ).one()
        if submitted:
            timesheets.submit(self.session, sheet, now=end)
        return sheet
