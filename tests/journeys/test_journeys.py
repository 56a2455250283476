"""Every kind of person walks the running product from end to end, and together they see every page.

One file, walked in order by one process: the product starts once, and later walks build on earlier ones.
"""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.journeys import account, applicant, bank, desk, expert, office
from tests.journeys.account import Newcomer
from tests.journeys.conftest import Enter
from tests.journeys.guide import Guide
from tests.journeys.product import Product

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]

ADA = Newcomer("Ada Brandt", f"ada@{account.POST_OFFICE}")
JUN = Newcomer("Jun Okabe", f"jun@{account.POST_OFFICE}", "JP", "Asia/Tokyo")
MIRA = Newcomer("Mira Stein", f"mira@{account.POST_OFFICE}")


def test_an_applicant_becomes_an_expert(enter: Enter, product: Product) -> None:
    with enter("applicant") as walker:
        applicant.arrive(walker, product, ADA)
        applicant.screen(walker)
        applicant.agree(walker)
        applicant.sit(walker, right=True, drops=(5,), closes=9)
        applicant.score_on_paper(walker)
        applicant.identify(walker)
        walker.visit("/applications/mine")
        walker.look("applications")
        walker.page.locator("main table a, main a[href^='/applications/']").first.click()
        walker.until("you are an expert now")
        walker.look("accepted")


def test_the_new_expert_works_and_hands_in_time(enter: Enter) -> None:
    with enter("expert", dark=True) as walker:
        account.sign_in(walker, ADA)
        expert.work(walker)
        expert.hand_in_time(walker)
        expert.open_payout_account(walker)
        expert.give_tax_form(walker)


def test_a_manager_with_a_second_factor_and_finance_pay_the_expert(
    enter: Enter, product: Product, tmp_path: Path
) -> None:
    with enter("manager") as walker:
        walker.visit("/sign-up")
        account.sign_up(walker, product, MIRA)
        with enter("admin") as admin:
            admin.sign_in_as("Noor")
            desk.give_role(admin, MIRA, "manager", "meridian-commons")
        app = account.second_factor(walker)
        walker.context.clear_cookies()
        account.sign_in_with_code(walker, MIRA, app)
        desk.import_tasks(walker, tmp_path)
        desk.approve_time(walker, ADA.name)
        with enter("expert-waits") as waiting:
            account.sign_in(waiting, ADA)
            waiting.visit("/earnings/")
            waiting.until(f"{datetime.now(UTC):%G-%V}", seconds=150)
            waiting.look("earnings-waiting")
        path = desk.build_run(walker)
    with enter("finance") as walker:
        walker.sign_in_as("Pieter")
        desk.sign_run(walker, path)
    with enter("expert-paid") as walker:
        account.sign_in(walker, ADA)
        walker.visit("/earnings/")
        walker.until("tr_")
        walker.look("earnings-paid")
        expert.statement_on_paper(walker)


def test_an_applicant_on_a_slow_phone_is_told_why_not_and_appeals(
    enter: Enter, product: Product
) -> None:
    with enter("phone", width=360) as walker:
        walker.throttle(kilobits=400, milliseconds=600)
        applicant.arrive(walker, product, JUN)
        applicant.screen(walker, unmet=True)
        application = walker.path()
        with enter("reviewer") as reviewer:
            reviewer.sign_in_as("Hana")
            reason = "Grading demonstrations is what we ask for."
            desk.decide(reviewer, JUN.name, verdict="for", reason=reason)
        walker.visit(application)
        applicant.agree(walker)
        applicant.sit(walker, right=False, drops=(3, 11), closes=7)
        with enter("reviewer-result") as reviewer:
            reviewer.sign_in_as("Hana")
            reason = "The score lies below the pass mark by more than its margin."
            desk.decide(reviewer, "Attempt", verdict="against", reason=reason)
        expert.appeal(walker)


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("Amara", 360, True),
        ("Yuki", 360, False),
        ("Hana", 1280, False),
        ("Ifeoma", 360, False),
        ("Jimena", 1280, False),
        ("Grace", 360, True),
        ("Leila", 1280, True),
        ("Wen", 360, False),
        ("Noor", 1280, False),
        ("Arvid", 360, False),
        ("Selma", 1280, True),
    ],
)
def test_each_of_the_demos_people_finds_their_pages(
    enter: Enter, guide: Guide, name: str, width: int, dark: bool
) -> None:
    with enter(name.lower(), width=width, dark=dark) as walker:
        walker.sign_in_as(name)
        walker.look("home")
        guide.wander(walker)


def test_a_grader_grades_a_text_and_a_manager_asks_for_forms(enter: Enter) -> None:
    with enter("grader", width=360) as walker:
        walker.sign_in_as("Arvid")
        bank.grade_a_text(walker)
    with enter("exam-office") as walker:
        walker.sign_in_as("Selma")
        bank.ask_for_forms(walker)


def test_every_kind_of_question_is_answered_by_keyboard_alone(enter: Enter) -> None:
    with enter("keyboard", width=360) as walker:
        walker.sign_in_as("Salma")
        bank.sit_by_keyboard(walker, "explaining-decisions")


def test_judges_rate_for_a_pass_mark(enter: Enter) -> None:
    with enter("pass-mark") as manager:
        manager.sign_in_as("Selma")
        panel = office.call_a_panel(
            manager, "explaining-decisions", ["Arvid Solheim", "Hana Lindqvist"]
        )
        with enter("judge", width=360) as walker:
            walker.sign_in_as("Arvid")
            office.rate(walker, 60)
        with enter("judge-two", dark=True) as walker:
            walker.sign_in_as("Hana")
            office.rate(walker, 70)
        office.see_the_round(manager, panel)


def test_a_wrong_question_is_scored_again_by_two_people(enter: Enter) -> None:
    with enter("rescoring", dark=True) as walker:
        walker.sign_in_as("Selma")
        path = office.ask_for_scoring_again(walker, "explaining-decisions")
    with enter("rescoring-second", width=360) as walker:
        walker.sign_in_as("Hana")
        office.score_again(walker, path)


def test_more_time_is_asked_for_and_arranged(enter: Enter) -> None:
    with enter("time", width=360) as walker:
        walker.sign_in_as("Yuki")
        office.ask_for_time(walker)
    with enter("time-desk") as walker:
        walker.sign_in_as("Leila")
        office.arrange_time(walker, "Yuki Tanabe")


def test_a_person_looks_at_what_was_flagged(enter: Enter, product: Product) -> None:
    office.flag_two_attempts(product)
    with enter("flags", width=360) as walker:
        walker.sign_in_as("Hana")
        office.settle_the_flag(walker)


def test_an_expert_gets_their_report(enter: Enter) -> None:
    with enter("report") as walker:
        walker.sign_in_as("Amara")
        expert.report(walker)


def test_an_account_changes_hands_by_mail_only(enter: Enter, product: Product) -> None:
    with enter("settings", width=360) as walker:
        account.forget_password(walker, product, JUN.address)
        account.sign_in(walker, JUN)
        account.change_address(walker, product, f"jun.okabe@{account.POST_OFFICE}")
        walker.visit("/styleguide/")
        walker.visit("/styleguide/exam")
        walker.visit("/styleguide/work")


def test_every_page_was_seen_by_somebody(guide: Guide) -> None:
    unseen = guide.unseen()
    assert not unseen, ", ".join(unseen)
