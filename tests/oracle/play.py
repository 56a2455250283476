"""Plays a period through the product's own services on a real database, and says what it credited."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import agreements
from portal.ids import random_id
from tasks.credit import monday, pieces
from tasks.models import (
    Adjustment,
    Assignment,
    AssignmentState,
    Judgment,
    Pool,
    Project,
    RateUnit,
    Segment,
    Task,
    TaskPayload,
    Terms,
    TimeClaim,
    WorkSession,
)
from tasks.queries import projects as project_queries
from tasks.queries import time as time_queries
from tasks.service import claim, clock, extensions, judge, offers, projects
from tasks.terms import price
from tests.make import Make
from tests.oracle.periods import Offer, Period, Rate, Sign
from tests.oracle.second_by_second import Found

_FAR = timedelta(days=400)


class Player:
    """One expert and their projects in the database, and the period's signs on their way in."""

    def __init__(self, session: Session, period: Period) -> None:
        self.session = session
        self.period = period
        self.make = Make(session, period.begins - _FAR)
        self.expert = self.make.expert()
        self.projects = [self._project(offer) for offer in period.offers]
        self.tabs: list[tuple[WorkSession, int]] = []
        """Every tab that got the clock, with the epoch it got."""
        self.newer: set[int] = set()
        """Projects whose second card is out."""

    def run(self) -> Found:
        """Everything that arrived, in order, each in its turn."""
        for sign in self.period.signs:
            getattr(self, f"_on_{sign.kind}")(sign, self._at(sign.at))
        return self._found()

    def _project(self, offer: Offer) -> Project:
        project = self.make.project(
            opened=False,
            tasks=0,
            currency=offer.currency,
            payroll_zone=offer.zone,
            task_cap_seconds=offer.planned,
            idle_limit_seconds=offer.idle_limit,
            hold_seconds=offer.hold,
            day_cap_seconds=10**7,
            week_cap_seconds=10**7,
            reserve_seconds=10**7,
            overlap=1,
        )
        self._publish(project, offer.rates, self.period.begins - _FAR)
        projects.open_project(self.session, project, actor=None, now=self.make.now)
        text = " ".join(["word"] * (offer.words - 2)) if offer.words else ""
        said: dict[str, object] = {"prompt": text, "context": None, "a": "yes", "b": "no"}
        self._add_tasks(project, said if offer.words else {**said, "a": "", "b": ""})
        self._accept(project, self.period.begins - _FAR)
        return project

    def _add_tasks(self, project: Project, payload: Mapping[str, object]) -> None:
        """As many as may be taken, in two statements."""
        pool_id, needed = self.make.pool(project).id, 1 + sum(s.kind in _TAKES for s in self.period.signs)  # fmt: skip
        new = [
            {
                "pool_id": pool_id,
                "key": f"t-{number}",
                "draw_key": number,
                "open_slots": 1,
                "imported_at": self.make.now,
            }
            for number in range(needed)
        ]
        ids = self.session.scalars(sa.insert(Task).returning(Task.id), new).all()
        told = {"pool_id": pool_id, "task_type": project.task_type, "schema_version": 1}
        self.session.execute(
            sa.insert(TaskPayload),
            [{**told, "task_id": each, "value": payload, "sha256": bytes(32)} for each in ids],
        )

    def _publish(self, project: Project, rates: tuple[Rate, ...], now: datetime) -> None:
        """The rates, among others that another tier or language of work would be paid by."""
        units = {"hour": RateUnit.HOUR, "task": RateUnit.TASK}
        prices = [
            projects.Price(
                rate.minor,
                units[rate.unit],
                starts_at=self._at(rate.starts),
                ends_at=None if rate.ends is None else self._at(rate.ends),
            )
            for rate in rates
        ]
        decoys = [
            projects.Price(77_777, starts_at=self._at(-(10**6)), tier="senior"),
            projects.Price(88_888, starts_at=self._at(-(10**6)), locale="xx"),
        ]
        projects.publish_rates(self.session, project, prices + decoys, now=now)

    def _accept(self, project: Project, now: datetime) -> None:
        agreement = agreements.current(self.session, project.agreement_kind)
        assert agreement is not None
        offers.accept(
            self.session,
            expert_id=self.expert.id,
            project=project,
            agreement_version_id=agreement.id,
            now=max(now, self.period.begins),
        )

    def _on_start(self, sign: Sign, now: datetime) -> None:
        project = self.projects[sign.project]
        self._claim(project, now)
        live = clock.start(
            self.session,
            expert_id=self.expert.id,
            project=project,
            terms=self._terms(project),
            public_id=random_id(),
            now=now,
        )
        self.tabs.append((live, live.epoch))

    def _on_beat(self, sign: Sign, now: datetime) -> None:
        if sign.back >= len(self.tabs):
            return
        live, epoch = self.tabs[-1 - sign.back]
        clock.beat(
            self.session, live, epoch=epoch, seq=sign.seq, idle_seconds=float(sign.idle), now=now
        )

    def _on_stop(self, _sign: Sign, now: datetime) -> None:
        live = self.session.scalar(time_queries.live_session(self.expert.id))
        if live is not None:
            clock.stop(self.session, live, now=now)

    def _on_sweep(self, _sign: Sign, now: datetime) -> None:
        clock.end_abandoned(self.session, now=now)

    def _on_expire(self, _sign: Sign, now: datetime) -> None:
        judge.expire_overdue(self.session, now=now)

    def _on_accept(self, sign: Sign, now: datetime) -> None:
        project = self.projects[sign.project]
        if sign.project not in self.newer:
            self.newer.add(sign.project)
            self._publish(project, self.period.later[sign.project], now)
        self._accept(project, now)

    def _on_extend(self, sign: Sign, now: datetime) -> None:
        held = self._answerable(sign)
        if held is not None:
            extensions.ask(self.session, held, reason="", now=now)

    def _on_submit(self, sign: Sign, now: datetime) -> None:
        held = self._answerable(sign)
        if held is not None:
            judge.judge(self.session, held, {"choice": "tie"}, now=now)
            self._claim(self.projects[sign.project], now)

    def _on_skip(self, sign: Sign, now: datetime) -> None:
        held = self._answerable(sign)
        if held is not None and held.state is AssignmentState.OPEN:
            judge.release(self.session, held, now=now)
            self._claim(self.projects[sign.project], now)

    def _claim(self, project: Project, now: datetime) -> None:
        found = claim.claim_in_project(
            self.session, expert_id=self.expert.id, project=project, public_id=random_id(), now=now
        )
        assert isinstance(found, Assignment), found

    def _answerable(self, sign: Sign) -> Assignment | None:
        """The newest assignment of the project, where it is open or ran out unanswered."""
        project = self.projects[sign.project]
        mine = sa.select(Assignment).join(Pool, Pool.id == Assignment.pool_id)
        newest = (
            mine.where(Pool.project_id == project.id, Assignment.expert_id == self.expert.id)
            .order_by(Assignment.opened_at.desc(), Assignment.task_id.desc())
            .limit(1)
        )
        held = self.session.scalar(newest)
        usable = {AssignmentState.OPEN, AssignmentState.EXPIRED}
        return held if held is not None and held.state in usable else None

    def _terms(self, project: Project) -> Terms:
        found = self.session.scalar(project_queries.current_terms(self.expert.id, project.id))
        assert found is not None
        return found

    def _at(self, second: int) -> datetime:
        return self.period.begins + timedelta(seconds=second)

    def _found(self) -> Found:
        """What the product's rows add up to, in the oracle's own words."""
        found = Found()
        place = {project.id: number for number, project in enumerate(self.projects)}
        mine = sa.select(Terms).where(Terms.expert_id == self.expert.id)
        for terms in self.session.scalars(mine.order_by(Terms.id)).all():
            number = place[terms.project_id]
            spans = self.session.scalars(
                sa.select(Segment).where(Segment.terms_id == terms.id)
            ).all()
            judged = self.session.scalars(sa.select(Judgment).where(Judgment.terms_id == terms.id))
            pay = price(spans, judged.all(), terms)
            if pay:
                found.pay[number] = found.pay.get(number, Fraction(0)) + pay
            self._count(found, number, spans)
        answered = sa.select(Judgment.active_seconds).where(Judgment.expert_id == self.expert.id)
        found.answered = [
            round(each) for each in self.session.scalars(answered.order_by(Judgment.id))
        ]
        offered = sa.select(TimeClaim).where(TimeClaim.expert_id == self.expert.id)
        found.claims = [
            (self._second(each.started_at), self._second(each.ended_at), each.seconds)
            for each in self.session.scalars(offered.order_by(TimeClaim.id))
        ]
        added = sa.select(sa.func.coalesce(sa.func.sum(Adjustment.seconds), 0))
        found.adjusted = int(
            self.session.scalar(added.where(Adjustment.expert_id == self.expert.id)) or 0
        )
        return found

    def _count(self, found: Found, number: int, spans: Sequence[Segment]) -> None:
        """By day and by the timesheet's week, which must be the day's."""
        days: dict[date, int] = defaultdict(int)
        zone = self.projects[number].zone
        for span in spans:
            for piece in pieces(span.started_at, span.ended_at, zone):
                days[piece.day] += round((piece.ended_at - piece.started_at).total_seconds())
        for day, seconds in days.items():
            found.seconds += seconds
            for table, key in ((found.by_day, day), (found.by_week, monday(day))):
                table[number, key] = table.get((number, key), 0) + seconds

    def _second(self, moment: datetime) -> int:
        return round((moment - self.period.begins).total_seconds())


_TAKES = {"start", "submit", "skip", "expire"}


def played(session: Session, period: Period) -> Found:
    """What the product credits and pays for the period; the rows stay in the caller's transaction."""
    return Player(session, period).run()
