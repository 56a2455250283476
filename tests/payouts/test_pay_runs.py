"""Pay runs: built once, signed by another person, exactly as built, or given up."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from payouts.models import LedgerKind, Payout, PayoutState, PayRun, PayRunState
from payouts.queries import runs as queries
from payouts.service import runs
from portal.access import Role
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import uuid7
from portal.money import Money
from tests.make import Make


def test_a_run_holds_everyones_free_lines_once(session: Session, make: Make, now: datetime) -> None:
    run = make.pay_run(make.payee(), make.payee())
    found = list(session.scalars(queries.payouts(run.id)))
    assert [(p.minor, p.state) for p in found] == [(3850, PayoutState.PLANNED)] * 2
    with pytest.raises(Conflict, match="nothing to pay"):
        runs.build(
            session,
            organisation_id=run.organisation_id,
            currency="USD",
            by=run.built_by_id,
            now=now,
        )


def test_another_organisations_work_is_in_another_run(session: Session, make: Make) -> None:
    expert = make.payee()
    first = make.pay_run(expert)
    make.now += timedelta(hours=2)
    second = make.pay_run(expert)
    assert first.organisation_id != second.organisation_id
    assert len(list(session.scalars(queries.payouts(first.id)))) == 1


def test_signing_makes_the_money_approved_and_sends_it_on_its_way(
    session: Session, make: Make
) -> None:
    expert = make.payee()
    run = make.signed_run(expert)
    (payout,) = session.scalars(queries.payouts(run.id))
    assert (run.state, payout.state) == (PayRunState.APPROVED, PayoutState.READY)
    assert make.payable(expert_id=expert.id).balance == 0
    assert make.payable(LedgerKind.APPROVED, expert_id=expert.id).balance == 3850
    queued = "SELECT count(*) FROM outbox WHERE name = 'payouts.send' AND row_id = :id"
    assert session.scalar(sa.text(queued), {"id": payout.id}) == 1


def test_the_builder_does_not_sign(session: Session, make: Make, now: datetime) -> None:
    run = make.pay_run()
    with pytest.raises(Forbidden, match="Another person"):
        runs.approve(session, run, by=run.built_by_id, seen=run.lines_sha256, now=now)


def test_the_database_refuses_the_builders_signature(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    run.approve(by=run.built_by_id, sha256=run.lines_sha256, now=now)
    with pytest.raises(IntegrityError, match="approved_by_another"):
        session.flush()


def test_a_payee_does_not_sign(session: Session, make: Make, now: datetime) -> None:
    payee = make.payee()
    run = make.pay_run(payee)
    with pytest.raises(Forbidden, match="pays you"):
        runs.approve(session, run, by=payee.id, seen=run.lines_sha256, now=now)


def test_the_database_refuses_a_payees_signature(
    session: Session, make: Make, now: datetime
) -> None:
    payee = make.payee()
    run = make.pay_run(payee)
    run.approve(by=payee.id, sha256=run.lines_sha256, now=now)
    with pytest.raises(IntegrityError, match="who approves is paid by it"):
        session.flush()


def test_a_signature_counts_only_for_the_lines_that_were_seen(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    finance = make.account(Role.FINANCE)
    with pytest.raises(Conflict, match="not the lines that were built"):
        runs.approve(session, run, by=finance.id, seen=bytes(32), now=now)


def test_a_change_after_building_voids_the_signature(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    finance = make.account(Role.FINANCE)
    session.execute(sa.update(Payout).values(minor=Payout.minor + 1))
    with pytest.raises(Conflict, match="not the lines that were built"):
        runs.approve(session, run, by=finance.id, seen=run.lines_sha256, now=now)


def test_the_database_keeps_a_signed_run_as_it_is(session: Session, make: Make) -> None:
    run = make.signed_run()
    with pytest.raises(sa.exc.IntegrityError, match="its payouts are fixed"):
        session.execute(sa.update(Payout).values(minor=Payout.minor + 1))
    assert run.approved_sha256 == run.lines_sha256


def test_the_database_refuses_another_signature_than_the_lines(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    run.approve(by=make.account(Role.FINANCE).id, sha256=bytes(32), now=now)
    with pytest.raises(IntegrityError, match="approval_signs_the_lines"):
        session.flush()


def test_a_void_run_frees_its_lines_for_the_next(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    runs.void(session, run, by=run.built_by_id, reason="One is missing.", now=now)
    again = runs.build(
        session, organisation_id=run.organisation_id, currency="USD", by=run.built_by_id, now=now
    )
    assert run.state is PayRunState.VOIDED
    assert again.lines_sha256 == run.lines_sha256


def test_giving_a_run_up_takes_a_reason_and_an_unsigned_run(
    session: Session, make: Make, now: datetime
) -> None:
    with pytest.raises(Invalid, match="Say why"):
        runs.void(session, make.pay_run(), by=1, reason=" ", now=now)
    make.now += timedelta(hours=2)
    with pytest.raises(Conflict, match="approved"):
        runs.void(session, make.signed_run(), by=1, reason="Too late.", now=now)


def test_a_preview_shows_the_difference_to_the_last_run(
    session: Session, make: Make, now: datetime
) -> None:
    expert, newcomer = make.payee(), make.payee()
    run = make.signed_run(expert)
    amounts = [(expert.id, Money(5000, "USD")), (newcomer.id, Money(700, "USD"))]
    found = runs.against_last(
        session, organisation_id=run.organisation_id, currency="USD", amounts=amounts
    )
    assert [(d.amount.minor, d.last and d.last.minor) for d in found] == [(5000, 3850), (700, None)]


def test_run_states_follow_their_table(make: Make, now: datetime) -> None:
    run = make.pay_run()
    with pytest.raises(Conflict):
        PayRun.finish(run, now=now)


def test_a_run_does_not_pay_its_builder_and_somebody_elses_does(
    session: Session, make: Make, now: datetime
) -> None:
    builder, other, project = make.payee(), make.payee(), make.project()
    make.grant(builder, Role.MANAGER)
    for expert in (builder, other):
        make.statement(expert=expert, project=project)
    payer = project.organisation_id
    mine = runs.build(session, organisation_id=payer, currency="USD", by=builder.id, now=now)
    assert [p.expert_id for p in session.scalars(queries.payouts(mine.id))] == [other.id]
    owed = runs.left_out(session, organisation_id=payer, currency="USD", by=builder.id)
    assert owed == Money(3850, "USD")
    manager = make.account(Role.MANAGER)
    theirs = runs.build(session, organisation_id=payer, currency="USD", by=manager.id, now=now)
    assert [p.expert_id for p in session.scalars(queries.payouts(theirs.id))] == [builder.id]


def test_who_alone_is_owed_something_builds_nothing(
    session: Session, make: Make, now: datetime
) -> None:
    builder, project = make.payee(), make.project()
    make.statement(expert=builder, project=project)
    payer = project.organisation_id
    with pytest.raises(Conflict, match="or is your own"):
        runs.build(session, organisation_id=payer, currency="USD", by=builder.id, now=now)


def test_the_database_refuses_to_pay_the_builder(
    session: Session, make: Make, now: datetime
) -> None:
    run = make.pay_run()
    payout = Payout(
        public_id=uuid7(now),
        pay_run_id=run.id,
        expert_id=run.built_by_id,
        currency="USD",
        minor=1,
        since=now,
    )
    session.add(payout)
    with pytest.raises(IntegrityError, match="who builds it is paid by it"):
        session.flush()


def test_a_long_run_is_planned_as_fast_as_the_rail_takes_it(now: datetime) -> None:
    planned = [runs.planned_at(number, now=now) for number in range(10_000)]
    in_a_second = [planned.count(now + timedelta(seconds=second)) for second in (0, 1, 300)]
    assert in_a_second == [15, 15, 15]
    assert planned[-1] == now + timedelta(seconds=666)


def test_signing_puts_each_payout_down_for_its_turn(
    session: Session, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "PER_SECOND", 1)
    make.signed_run(make.payee(), make.payee())
    turns = "SELECT not_before - created_at FROM outbox WHERE name = 'payouts.send' ORDER BY id"
    assert list(session.scalars(sa.text(turns))) == [timedelta(0), timedelta(seconds=1)]
