"""Pausing somebody's new tasks: a decision with its evidence, contestable, that ends by itself."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, Outcome, appeals
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import random_id
from portal.mail.models import MailMessage
from tasks import jobs
from tasks.models import Assignment, Enrolment, Project, Segment
from tasks.queries import projects as project_queries
from tasks.service import claim, gold, judge, offering, pauses
from tasks.service.reasons import NothingLeft, Reason
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]


def test_a_pause_stops_new_tasks_and_leaves_what_is_held_and_earned(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=3), make.expert()
    live = make.work_session(project=project, expert=expert)
    held = make.assignment(project=project, expert=expert)
    make.worked(live, seconds=60)
    before = earned(session)
    pause(session, make, project, expert)
    assert following(session, project, expert, now) == held
    judge.judge(session, held, {"choice": "tie"}, now=now + timedelta(seconds=60))
    assert following(session, project, expert, now) == NothingLeft(Reason.ENROLMENT_PAUSED)
    assert earned(session) == before
    (offered,) = offering.offered(session, expert.id, now=now)
    assert offered.obstacle is Reason.ENROLMENT_PAUSED


def test_the_decision_keeps_what_was_seen_and_the_person_is_told(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=2), make.expert()
    make.enrolment(project=project, expert=expert)
    decision = pause(session, make, project, expert)
    assert (decision.kind, decision.outcome) == ("tasks.paused", Outcome.AGAINST)
    assert decision.evidence["quality"] == "not enough evidence yet"
    assert decision.appeal_until == now + timedelta(days=14)
    letter = session.scalars(sa.select(MailMessage)).one()
    assert (letter.recipient, letter.subject) == (expert.email, "New tasks are paused")
    place = session.scalars(sa.select(Enrolment)).one()
    assert (place.pause_until, place.pause_decision_id) == (now + timedelta(days=7), decision.id)


def test_what_is_seen_ends_yesterday_so_that_no_probe_of_today_shows(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1, gold_share=0.0), make.expert()
    probes = make.gold(project, count=12)
    enrolment = make.enrolment(project=project, expert=expert)
    for probe in probes:
        held = hold(session, make, enrolment, probe.id)
        judgment = judge.judge(session, held, {"choice": "tie"}, now=now)
        gold.score(session, judgment.id, now=now)
    today = pauses.evidence(session, project, expert.id, now=now)
    tomorrow = pauses.evidence(session, project, expert.id, now=now + timedelta(days=1))
    assert today["gold_judged"] == 0
    assert tomorrow["gold_judged"] > 0


def test_an_upheld_appeal_lets_them_go_on(session: Session, make: Make, now: datetime) -> None:
    project, expert = make.project(tasks=2), make.expert()
    make.enrolment(project=project, expert=expert)
    decision = pause(session, make, project, expert)
    appeal = appeals.make(session, decision, words="It was a good week.", now=now)
    appeals.uphold(session, appeal, by=make.account(Role.REVIEWER).id, answer="Right.", now=now)
    jobs.appeal_upheld(appeal.id)
    jobs.appeal_upheld(appeal.id)
    session.expire_all()
    assert isinstance(following(session, project, expert, now), Assignment)
    resumed = sa.select(sa.func.count()).where(Decision.kind == pauses.RESUMED)
    assert session.scalar(resumed) == 1


def test_an_appeal_against_an_older_pause_leaves_a_newer_one_alone(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=2), make.expert()
    make.enrolment(project=project, expert=expert)
    first = pause(session, make, project, expert)
    pauses.resume(session, project, expert.id, by=None, reason="Fine.", now=now)
    pause(session, make, project, expert)
    appeal = appeals.make(session, first, words="Wrong.", now=now)
    appeals.uphold(session, appeal, by=make.account(Role.REVIEWER).id, answer="Yes.", now=now)
    jobs.appeal_upheld(appeal.id)
    session.expire_all()
    assert following(session, project, expert, now) == NothingLeft(Reason.ENROLMENT_PAUSED)


def test_a_pause_that_nobody_ends_ends_by_itself_after_a_week(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=2), make.expert()
    make.enrolment(project=project, expert=expert)
    pause(session, make, project, expert)
    assert pauses.end_overdue(session, now=now + timedelta(days=6, hours=23)) == 0
    assert pauses.end_overdue(session, now=now + timedelta(days=7)) == 1
    assert pauses.end_overdue(session, now=now + timedelta(days=7)) == 0
    assert isinstance(following(session, project, expert, now + timedelta(days=7)), Assignment)


def test_nobody_pauses_themself_a_stranger_or_somebody_twice(
    session: Session, make: Make, now: datetime
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    with pytest.raises(Conflict, match="does not work"):
        pause(session, make, project, expert)
    make.enrolment(project=project, expert=expert)
    with pytest.raises(Forbidden):
        pauses.pause(session, project, expert.id, by=expert.id, reason="Me.", now=now)
    with pytest.raises(Invalid, match="why"):
        pauses.pause(session, project, expert.id, by=make.account().id, reason=" ", now=now)
    pause(session, make, project, expert)
    with pytest.raises(Conflict, match="already"):
        pause(session, make, project, expert)


def test_the_database_refuses_a_pause_without_its_decision(
    session: Session, make: Make, now: datetime
) -> None:
    place = make.enrolment()
    place.paused_at, place.pause_reason = now, "gold"
    with pytest.raises(IntegrityError, match="pause_says_why_and_until_when"):
        session.flush()


def test_a_reviewer_pauses_in_the_browser_and_the_expert_reads_why(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(tasks=1), make.expert(name="Amara Okafor")
    make.enrolment(project=project, expert=expert)
    browser = sign_in(make.account(Role.REVIEWER))
    place = f"/projects/{project.slug}/people/{expert.public_id}"
    assert "What is seen here" in browser.get(f"{place}/pause").text
    assert browser.post(f"{place}/pause", data={"reason": ""}).status_code == 422
    told = browser.post(f"{place}/pause", data={"reason": "Answers in 2 s."}, follow_redirects=True)
    assert "paused while a person looks" in told.text
    mine = sign_in(expert)
    decision = session.scalars(sa.select(Decision)).one()
    page = mine.get(f"/decisions/{decision.public_id}").text
    assert "New tasks are paused while a person looks" in page
    assert "Answers in 2 s." in page
    assert "gold" not in page.lower()
    again = sign_in(make.account(Role.MANAGER))
    assert again.post(f"{place}/resume", data={"reason": "All well."}).status_code == 302
    session.expire_all()
    assert session.scalars(sa.select(Enrolment.paused_at)).one() is None


def test_another_organisations_reviewer_finds_nobody_there(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project, expert = make.project(tasks=1), make.expert()
    make.enrolment(project=project, expert=expert)
    stranger = make.account()
    make.grant(stranger, Role.REVIEWER, organisation=make.organisation())
    browser = sign_in(stranger)
    place = f"/projects/{project.slug}/people/{expert.public_id}"
    assert browser.get(f"{place}/pause").status_code == 404
    assert browser.post(f"{place}/pause", data={"reason": "x"}).status_code == 404
    assert session.scalars(sa.select(Enrolment.paused_at)).one() is None


def pause(session: Session, make: Make, project: Project, expert: Account) -> Decision:
    by = make.account(Role.MANAGER).id
    return pauses.pause(session, project, expert.id, by=by, reason="Please look.", now=make.now)


def following(
    session: Session, project: Project, expert: Account, now: datetime
) -> Assignment | NothingLeft:
    return claim.claim_in_project(
        session, expert_id=expert.id, project=project, public_id=random_id(), now=now
    )


def earned(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Segment)) or 0


def hold(session: Session, make: Make, enrolment: Enrolment, task_id: int) -> Assignment:
    project = session.scalars(sa.select(Project)).one()
    held = Assignment(
        pool_id=enrolment.pool_id,
        task_id=task_id,
        expert_id=enrolment.expert_id,
        public_id=random_id(),
        terms_id=make.terms(session.get_one(Account, enrolment.expert_id), project).id,
        guideline_version_id=session.scalars(project_queries.newest_guideline(project)).one().id,
        order_shown=["a", "b"],
        opened_at=make.now,
        due_at=make.now + timedelta(hours=1),
    )
    session.add(held)
    session.flush()
    return held
