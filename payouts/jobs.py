"""The edges without a person: sending, looking up, drawing statements, reconciling, sealing."""

from datetime import timedelta
from typing import Final

import structlog

from payouts.models import JobName, PaperState, PayPaper, ProjectReport, Rail
from payouts.queries import runs as run_queries
from payouts.queries import statements as statement_queries
from payouts.service import (
    bonuses,
    budgets,
    erasure,
    papers,
    payees,
    project_reports,
    proof,
    rails,
    reconcile,
    returns,
    runs,
    sending,
    statements,
)
from payouts.service.sending import Attempt
from portal import clock
from portal.db import reading, transaction
from portal.decisions import Appeal, AppealState, Decision
from portal.errors import Unavailable
from portal.jobs import enqueue, job
from portal.reports.document import resources
from portal.reports.engine import to_pdf
from portal.stripe import accounts, transfers
from portal.stripe.errors import OutcomeUnknown, Refused
from portal.stripe.models import StripeEvent
from portal.stripe.transfers import Transfer

_PATIENCE: Final = timedelta(minutes=5)

_log = structlog.get_logger()


@job(JobName.SEND_PAYOUT)
def send_payout(payout_id: int) -> None:
    """Bring one approved payout to its end.

    Safe to run twice, or to die anywhere: the key is stored before the first request, and the rail
    is asked for a transfer with our reference before it is asked for a new one. No row stays locked
    while we wait for the network.
    """
    with transaction() as session:
        attempt = sending.reserve(session, payout_id, now=clock.now(session))
    if attempt is None:  # settled, refused, held or frozen meanwhile
        return
    try:
        found = reconcile.live(rails.DOORS[attempt.rail].find(attempt.reference))
        if not found and attempt.may_send:
            _send(attempt)
            return
    except OutcomeUnknown as unknown:
        _note_unknown(attempt, unknown.message)
        return
    if not found and attempt.rail is Rail.MANUAL:
        return  # it is at the bank, or waits for the file that takes it there
    if not found:
        _note_unknown(
            attempt, "The rail has no such transfer, and the key is too old to send again."
        )
        return
    _record(attempt, found)


@job(JobName.FIND_UNSETTLED)
def find_unsettled(_slot: int) -> None:
    """Send round again whatever should have moved on: never sent, held, or of unknown outcome."""
    with transaction() as session:
        now = clock.now(session)
        found = session.scalars(run_queries.unsettled(before=now - _PATIENCE)).all()
        for number, payout_id in enumerate(found):
            at = runs.planned_at(number, now=now)
            enqueue(session, JobName.SEND_PAYOUT, payout_id, now=now, at=at)


@job(JobName.FIND_APPROVED)
def find_approved(_slot: int) -> None:
    """Ask for a statement for everyone whose approved time is on none."""
    with transaction() as session:
        now = clock.now(session)
        for expert_id in session.scalars(statement_queries.experts_with_approved_time()):
            enqueue(session, JobName.DRAW_STATEMENTS, expert_id, now=now)


@job(JobName.DRAW_STATEMENTS)
def draw_statements(expert_id: int) -> None:
    """Put one expert's approved time on statements. A second run finds nothing left to do."""
    with transaction() as session:
        statements.draw(session, expert_id=expert_id, now=clock.now(session))


@job(JobName.RECONCILE)
def reconcile_rail(_slot: int) -> None:
    """Compare the rail's list with ours. Each disagreement is kept once, however often it is found."""
    with reading() as session:
        listed_at = clock.now(session)
    listed = rails.every()
    with transaction() as session:
        reconcile.compare(session, listed, listed_at=listed_at, now=clock.now(session))


@job(JobName.SET_PAPER)
def set_paper(paper_id: int) -> None:
    """Put one statement or year on paper. Safe to run twice: one that was issued is left alone."""
    with reading() as session:
        paper = session.get_one(PayPaper, paper_id)
        if paper.state is not PaperState.WAITING:
            return
        html = papers.compose(session, paper, now=clock.now(session))
    try:
        pdf = to_pdf(html, resources())
    except Unavailable as reason:
        with transaction() as session:
            papers.fail(session, session.get_one(PayPaper, paper_id), error=reason.message)
        return
    with transaction() as session:
        paper = session.get_one(PayPaper, paper_id)
        papers.issue(session, paper, pdf=pdf, now=clock.now(session))


@job(JobName.SET_PROJECT_REPORT)
def set_project_report(report_id: int) -> None:
    """Put one project's period on paper. Safe to run twice: one that was issued is left alone."""
    with reading() as session:
        report = session.get_one(ProjectReport, report_id)
        if report.state is not PaperState.WAITING:
            return
        document = project_reports.compose(session, report, now=clock.now(session))
    try:
        pdf = to_pdf(document.html, resources())
    except Unavailable as reason:
        with transaction() as session:
            session.get_one(ProjectReport, report_id).fail(error=reason.message)
        return
    with transaction() as session:
        report, now = session.get_one(ProjectReport, report_id), clock.now(session)
        project_reports.issue(session, report, pdf=pdf, snapshot=document.snapshot, now=now)


@job(JobName.WATCH_BUDGETS)
def watch_budgets(_slot: int) -> None:
    """Tell managers whose project has come to 80 or 100 % of its budget; each of the two once."""
    with transaction() as session:
        budgets.watch(session, now=clock.now(session))


@job(JobName.SEAL_LEDGER)
def seal_ledger(_slot: int) -> None:
    """Seal what is new in the ledger; nothing new, no seal."""
    with transaction() as session:
        proof.seal(session, now=clock.now(session))


@job(JobName.TRANSFER_CHANGED)
def transfer_changed(event_id: int) -> None:
    """An event names a transfer: ask the rail what it is now. Late, early and twice are all the same."""
    with reading() as session:
        transfer_id = session.get_one(StripeEvent, event_id).object_id
    if transfer_id is None:
        return
    transfer = transfers.retrieve(transfer_id)
    with transaction() as session:
        reconcile.observe(session, transfer, now=clock.now(session))


@job(JobName.PAYEE_CHANGED)
def payee_changed(event_id: int) -> None:
    """An event names a payee's account: ask the rail what it is now."""
    with reading() as session:
        stripe_id = session.get_one(StripeEvent, event_id).object_id
        account_id = session.scalar(run_queries.payee_by_stripe_id(stripe_id or ""))
    if account_id is None or stripe_id is None:
        return
    recipient = accounts.retrieve(stripe_id)
    with transaction() as session:
        payees.seen(session, account_id, recipient, now=clock.now(session))


@job(JobName.FORGET_TAX_FORMS)
def forget_tax_forms(_slot: int) -> None:
    """Delete tax forms of erased accounts that the law no longer asks for."""
    with transaction() as session:
        erasure.forget_tax_forms(session, now=clock.now(session))


@job(JobName.APPEAL_UPHELD)
def appeal_upheld(appeal_id: int) -> None:
    """Undo what an upheld appeal about money was against. Safe to run twice."""
    with transaction() as session:
        appeal = session.get_one(Appeal, appeal_id)
        decision = session.get_one(Decision, appeal.decision_id)
        if appeal.state is not AppealState.UPHELD:
            return
        if decision.kind == returns.RETURNED:
            returns.appeal_upheld(session, decision, now=clock.now(session))
        elif decision.kind == bonuses.REFUSED:
            bonuses.appeal_upheld(session, decision, now=clock.now(session))


def _send(attempt: Attempt) -> None:
    """Ask for the transfer: nothing with our reference exists at the rail."""
    key = _key(attempt)
    if key is None:
        return
    try:
        sent = rails.DOORS[key.rail].send(key)
    except Refused as refusal:
        with transaction() as session:
            sending.record_refusal(session, key, refusal, now=clock.now(session))
        return
    if sent is not None:
        _record(key, [sent])


def _key(attempt: Attempt) -> Attempt | None:
    """The attempt to send under: a fresh key where the stored one has given only errors."""
    if not attempt.stale:
        return attempt
    with transaction() as session:
        return sending.renew(session, attempt, now=clock.now(session))


def _record(attempt: Attempt, found: list[Transfer]) -> None:
    with transaction() as session:
        sending.record(session, attempt, found, now=clock.now(session))


def _note_unknown(attempt: Attempt, message: str) -> None:
    _log.warning("payout.outcome_unknown", payout=attempt.payout_id, said=message)
    with transaction() as session:
        sending.record_unknown(session, attempt, message, now=clock.now(session))
