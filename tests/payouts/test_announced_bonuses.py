"""Bonuses that terms announce: frozen with them, claimed once, given by another or refused by a decision."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts import jobs
from payouts.models import Bonus, BonusState, LineKind
from payouts.queries import statements as queries
from payouts.service import bonuses, statements
from payouts.views import bonuses as bonus_views
from portal.access import Role
from portal.accounts.models import Account
from portal.decisions import Decision, appeals
from portal.errors import Conflict, Forbidden, Invalid, NotFound
from portal.mail import service as mail
from portal.mail.models import MailMessage
from portal.money import Money
from tasks.models import Project, RateCard
from tasks.rules import Announced, Rules, parse, stored
from tasks.service import projects
from tasks.service.projects import Price
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
FIRST = Announced("First hundred", 5000, "100 tasks answered within 30 days of starting.")


@pytest.fixture
def project(session: Session, make: Make, now: datetime) -> Project:
    """Work whose newest card announces a bonus."""
    made = make.project()
    projects.publish_rates(session, made, [Price(3850)], now=now, rules=Rules(bonuses=(FIRST,)))
    return made


@pytest.fixture
def expert(make: Make, project: Project) -> Account:
    """Somebody who has accepted it."""
    person = make.expert(name="Kwame Mensah")
    make.terms(person, project)
    return person


@pytest.fixture
def claimed(session: Session, expert: Account, project: Project, now: datetime) -> Bonus:
    """The bonus, asked for by its payee."""
    return _claim(session, expert, project, now)


@pytest.fixture
def manager(make: Make) -> Account:
    """Whoever looks at it."""
    return make.account(Role.MANAGER, name="Ines Duarte")


def test_rules_keep_a_bonus_with_amount_and_condition() -> None:
    rules = Rules(bonuses=(FIRST,))
    assert parse(stored(rules)) == rules
    assert rules.words("USD") == [f"Bonus “First hundred”, once: 50.00 USD. {FIRST.condition}"]


@pytest.mark.parametrize(
    "wrong",
    [
        [["A", 0, "b"]],
        [["A", True, "b"]],
        [["A", 5, " "]],
        [["", 5, "b"]],
        [["A", 5]],
        [["A", 5, "b"], ["A", 6, "c"]],
        [[1, 5, "b"]],
    ],
)
def test_a_bonus_that_is_none_is_refused(wrong: list[Any]) -> None:
    with pytest.raises(Invalid):
        parse({"bonuses": wrong})


def test_it_is_read_before_anybody_accepts(
    make: Make, session: Session, project: Project, sign_in: SignIn
) -> None:
    page = sign_in(make.expert()).get(f"/work/projects/{project.slug}").text
    assert "Bonus “First hundred”, once: 50.00 USD." in page
    assert FIRST.condition in page


def test_what_was_accepted_stays_promised_whatever_the_next_card_says(
    session: Session, make: Make, expert: Account, project: Project, now: datetime
) -> None:
    projects.publish_rates(session, project, [Price(3900)], now=now)
    (promise,) = bonuses.promises(session, expert.id)
    assert (promise.announced, promise.bonus) == (FIRST, None)
    later = Announced("First hundred", 100, "Less.")
    projects.publish_rates(session, project, [Price(3900)], now=now, rules=Rules(bonuses=(later,)))
    assert bonuses.promises(session, expert.id)[0].announced.minor == 5000


def test_the_payee_claims_and_another_approves_and_it_is_paid_once(
    session: Session, make: Make, claimed: Bonus, manager: Account, now: datetime
) -> None:
    assert (claimed.minor, claimed.asked_by_id) == (5000, None)
    bonuses.approve(session, claimed, by=manager.id, now=now)
    (statement,) = statements.draw(session, expert_id=claimed.expert_id, now=now)
    (line,) = session.scalars(queries.lines([statement.id]))
    assert (line.kind, line.amount_minor) == (LineKind.BONUS, 5000)
    assert statements.differences(session, statement) == []


def test_nobody_approves_their_own_claim(session: Session, claimed: Bonus, now: datetime) -> None:
    with pytest.raises(Forbidden):
        bonuses.approve(session, claimed, by=claimed.expert_id, now=now)
    claimed.approve(by=claimed.expert_id, now=now)
    with pytest.raises(IntegrityError, match="approved_by_another"):
        session.flush()


def test_who_asks_for_somebody_else_does_not_approve(
    session: Session, expert: Account, project: Project, manager: Account, now: datetime
) -> None:
    asked = _claim(session, expert, project, now, by=manager)
    assert (asked.asked_by_id, asked.minor) == (manager.id, 5000)
    with pytest.raises(Forbidden):
        bonuses.approve(session, asked, by=manager.id, now=now)


def test_it_is_asked_for_once(
    session: Session,
    claimed: Bonus,
    expert: Account,
    project: Project,
    manager: Account,
    now: datetime,
) -> None:
    for by in (expert, manager):
        with pytest.raises(Conflict, match="already"):
            _claim(session, expert, project, now, by=by)
    twice = sa.text(
        "INSERT INTO bonus (public_id, project_id, expert_id, currency, minor, reason, asked_at,"
        " state, announced, terms_id) SELECT gen_random_uuid(), project_id, expert_id, currency,"
        " minor, reason, asked_at, 'asked', announced, terms_id FROM bonus"
    )
    with pytest.raises(IntegrityError, match="uq_bonus_announced"), session.begin_nested():
        session.execute(twice)


def test_what_nobody_announced_is_not_claimed(
    session: Session, make: Make, expert: Account, project: Project, now: datetime
) -> None:
    for person, name in ((expert, "Second hundred"), (make.expert(), FIRST.name)):
        with pytest.raises(NotFound):
            _claim(session, person, project, now, name=name)
    with pytest.raises(Invalid):
        _claim(session, expert, project, now, words=" ")


def test_the_database_knows_what_was_announced(
    session: Session, claimed: Bonus, make: Make
) -> None:
    for wrong in ({"minor": 5001}, {"announced": "Another"}, {"expert_id": make.expert().id}):
        with pytest.raises(IntegrityError, match="announce"), session.begin_nested():
            session.execute(sa.update(Bonus).values(**wrong))
    with pytest.raises(IntegrityError, match="announced_is_not_given_up"), session.begin_nested():
        session.execute(
            sa.update(Bonus).values(
                state="withdrawn", decided_at=sa.func.now(), decided_by_id=make.account().id
            )
        )
    with pytest.raises(IntegrityError, match="refused_by_decision"), session.begin_nested():
        session.execute(
            sa.update(Bonus).values(
                state="refused", decided_at=sa.func.now(), decided_by_id=make.account().id
            )
        )


def test_a_refusal_is_a_decision_with_its_reason_and_an_appeal(
    session: Session, claimed: Bonus, manager: Account, now: datetime
) -> None:
    with pytest.raises(Conflict, match="announced"):
        bonuses.withdraw(session, claimed, by=manager.id, now=now)
    with pytest.raises(Invalid):
        bonuses.refuse(session, claimed, by=manager.id, reason=" ", now=now)
    with pytest.raises(Forbidden):
        bonuses.refuse(session, claimed, by=claimed.expert_id, reason="No.", now=now)
    bonuses.refuse(session, claimed, by=manager.id, reason="84 were answered.", now=now)
    decision = session.get_one(Decision, claimed.decision_id)
    assert (decision.reason, decision.decided_by_id) == ("84 were answered.", manager.id)
    assert decision.evidence["condition"] == FIRST.condition
    assert decision.appeal_until is not None
    letter = session.scalars(sa.select(MailMessage)).one()
    assert f"/decisions/{decision.public_id}" in mail.text_of(letter)
    assert statements.draw(session, expert_id=claimed.expert_id, now=now) == []


def test_only_announced_bonuses_are_refused_by_decision(
    session: Session, make: Make, project: Project, manager: Account, now: datetime
) -> None:
    asked = bonuses.ask(
        session,
        project,
        expert_id=make.expert().id,
        amount=Money(1000, "USD"),
        reason="A hard week.",
        by=manager.id,
        now=now,
    )
    with pytest.raises(Conflict, match="Only an announced"):
        bonuses.refuse(session, asked, by=make.account().id, reason="No.", now=now)


def test_an_appeal_upheld_pays_it_once(
    session: Session, make: Make, claimed: Bonus, manager: Account, now: datetime
) -> None:
    bonuses.refuse(session, claimed, by=manager.id, reason="84 were answered.", now=now)
    decision = session.get_one(Decision, claimed.decision_id)
    appeal = appeals.make(session, decision, words="There were 104.", now=now)
    answer = "You are right."
    appeals.uphold(session, appeal, by=make.account(Role.ADMIN).id, answer=answer, now=now)
    session.commit()
    for _again in range(2):
        jobs.appeal_upheld(appeal.id)
    session.expire_all()
    assert claimed.state is BonusState.APPROVED
    (statement,) = statements.draw(session, expert_id=claimed.expert_id, now=now)
    assert statements.draw(session, expert_id=claimed.expert_id, now=now) == []
    assert make.payable(expert_id=claimed.expert_id).balance == 5000
    assert statement.expert_id == claimed.expert_id


def test_an_expert_claims_it_and_reads_why_it_was_not_given(
    session: Session, expert: Account, project: Project, manager: Account, sign_in: SignIn
) -> None:
    client = sign_in(expert)
    assert "/earnings/bonuses" in client.get("/earnings/").text
    page = client.get("/earnings/bonuses").text
    assert FIRST.condition in page
    url = f"/earnings/bonuses/{project.slug}"
    assert client.post(url, data={"name": FIRST.name}).status_code == 422
    assert (
        client.post(url, data={"name": "Another", **_words("Another", project)}).status_code == 404
    )
    said = {"name": FIRST.name, **_words(FIRST.name, project)}
    assert client.post(url, data=said).status_code == 303
    assert "waits for another person" in client.get("/earnings/bonuses").text
    made = session.scalars(sa.select(Bonus)).one()
    desk, money = sign_in(manager), f"/projects/{project.slug}/money"
    shown = desk.get(money).text
    assert "Announced: First hundred." in shown
    refusing = f"{money}/bonuses/{made.public_id}/refuse"
    assert desk.post(refusing, data={}).status_code == 422
    said = {f"refuse-{made.id}-reason": "84 were answered."}
    assert desk.post(refusing, data=said).status_code == 303
    client = sign_in(expert)
    page = client.get("/earnings/bonuses").text
    assert "Why, and how to appeal" in page
    session.expire_all()
    decision = session.get_one(Decision, made.decision_id)
    assert "84 were answered." in client.get(f"/decisions/{decision.public_id}").text


def test_without_announced_bonuses_the_page_says_so(make: Make, sign_in: SignIn) -> None:
    assert "No bonus is announced" in sign_in(make.expert()).get("/earnings/bonuses").text


def test_a_manager_announces_one_with_the_next_card(
    session: Session, make: Make, manager: Account, sign_in: SignIn
) -> None:
    project = make.project()
    client, url = sign_in(manager), f"/projects/{project.slug}/money/rates"
    said = {"hourly": "40", "bonus_name": "First hundred", "bonus_amount": "50"}
    half = {f"card-{name}": value for name, value in said.items()}
    assert client.post(url, data=half).status_code == 422
    assert (
        client.post(url, data=half | {"card-bonus_condition": FIRST.condition}).status_code == 303
    )
    card = session.scalars(sa.select(RateCard).order_by(RateCard.id.desc()).limit(1)).one()
    assert parse(card.rules).bonuses == (FIRST,)


def _claim(
    session: Session,
    expert: Account,
    project: Project,
    now: datetime,
    *,
    by: Account | None = None,
    name: str = FIRST.name,
    words: str = "104 by the 20th.",
) -> Bonus:
    return bonuses.ask_announced(
        session,
        expert_id=expert.id,
        project=project,
        name=name,
        words=words,
        by=(by or expert).id,
        now=now,
    )


def _words(name: str, project: Project) -> dict[str, str]:
    return {f"{bonus_views.prefix(project.slug, name)}words": "104 by the 20th."}
