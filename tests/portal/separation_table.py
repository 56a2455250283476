"""Who asks and who approves, pair by pair: written by hand, compared with routes and database.

Every endpoint whose name says that something is approved, decided, granted or the like stands in
one of two lists. In the first it names the rules of the database that keep whoever asked, or whom it
is about, from being the one who approves, whatever role they hold and by whichever route they come.
In the second it says why nobody approves anything there.
"""

from typing import Final

_DECISION: Final = "decision.ck_decision_nobody_decides_own"
_CHECK: Final = "identity_check.ck_identity_check_"

PAIRS: Final[dict[str, tuple[str, ...]]] = {
    "admin.give_role": ("account_grant.ck_account_grant_nobody_grants_themself",),
    "approving.approve_rest": ("timesheet.ck_timesheet_nobody_approves_own",),
    "approving.decide_extension": ("extension.ck_extension_decided_by_another",),
    "bonuses.decide": (
        "bonus.ck_bonus_nobody_asks_for_own",
        "bonus.ck_bonus_approved_by_another",
    ),
    "deciding.confirm": (_DECISION, "application.ck_application_nobody_reviews_own"),
    "deciding.decide": (_DECISION, "application.ck_application_nobody_reviews_own"),
    "bonuses.refuse": (_DECISION,),
    "decisions.answer": ("appeal.appeal_second_person",),
    "exam_adaptive.approve": ("adaptive_design.ck_adaptive_design_two_people",),
    "exam_standards.adopt": ("form_cut.ck_form_cut_two_people",),
    "exam_time_desk.answer": ("personal.accommodation.ck_accommodation_nobody_answers_own",),
    "exam_time_desk.grant": ("personal.accommodation.ck_accommodation_nobody_grants_own",),
    "identity_cases.answer": ("appeal.appeal_second_person",),
    "identity_cases.decide": (_DECISION, f"{_CHECK}nobody_reviews_own"),
    "identity_cases.give_opinion": (
        f"{_CHECK}two_different_people",
        f"{_CHECK}neither_is_the_person",
        f"{_CHECK}two_people_decide_by_hand",
    ),
    "managing.approve": ("timesheet.ck_timesheet_nobody_approves_own",),
    "managing.decide_adjustment": ("adjustment.ck_adjustment_decided_by_another",),
    "pay_runs.approve": ("pay_run.ck_pay_run_approved_by_another", "pay_run.pay_run_signed"),
    "pay_runs.clear": (
        "payout.ck_payout_payee_clears_nothing",
        "payout.payout_cleared_by_third",
    ),
    "returns.confirm": (
        "bank_return.ck_bank_return_confirmed_by_another",
        "bank_return.bank_return_fits",
    ),
    "rescoring.approve": ("rescoring.ck_rescoring_two_people",),
}

NOTHING_APPROVED: Final[dict[str, str]] = {
    "account.confirm_email_now": "shows that an address is one's own",
    "accounts.give_code": "one's own second factor",
    "accounts.give_recovery_code": "one's own second factor",
    "agreements.accept": "agreeing for oneself",
    "applying.accept": "agreeing for oneself",
    "applying.answer": "answering for oneself",
    "banks.give": "one's own bank account, which waits 72 hours and is told to the old address",
    "banks.refuse": "takes nothing and gives nothing: the payout goes back to what is owed",
    "exam_flags.settle": "says what a look came to; no result and nobody's standing changes by it",
    "exam_gates.answer": "answering an exam's question",
    "exam_grading.give": "a grade, blind: graders are drawn, and never for their own attempt",
    "exam_grading.give_back": "hands a grading back to be drawn again",
    "finance.settle": "closes a finding of reconciliation; no money moves",
    "managing.give_back": "sends a timesheet back with words; nothing is approved",
    "pay_runs.void": "ends a run that was not sent; nothing is paid by it",
    "questions.answer": "a ruling on what the guideline means, about no one person",
    "self_identifying.give": "what one says of oneself, if one wants to",
    "sign_up.confirm_now": "shows that an address is one's own",
    "taxes.give": "one's own tax form",
    "work.accept": "agreeing for oneself",
}

SAME_PERSON_MAY: Final[dict[str, str]] = {
    "form_assembly": "whoever asked for a draft of a form uses it; questions were approved before",
    "report": "a report may be asked for by the one it is about",
}
"""Tables with two people in them of whom neither approves what the other asked."""
