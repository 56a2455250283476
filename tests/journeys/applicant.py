"""An applicant's way: opening, account, screening, agreement, exam, identity, decision."""

import re

from playwright.sync_api import expect

from tests.journeys import account, sitting
from tests.journeys.account import Newcomer
from tests.journeys.product import Product
from tests.journeys.walker import Walker

OPENING = "/openings/ml-expert-trust-safety"
MEETS = {
    "sft-rlhf-years": "3",
    "mlops-years": "2",
    "ugc-moderation-years": "4",
    "english": "C1",
    "languages": "en, de",
}


def arrive(walker: Walker, product: Product, person: Newcomer) -> None:
    """From the start page over the opening, which says how one would be paid, to an application."""
    walker.visit("/")
    walker.look("start")
    walker.visit("/openings/")
    walker.look("openings")
    walker.visit(OPENING)
    walker.fill(country=person.country)
    walker.press("Show")
    assert "working days" in walker.text()
    walker.look("opening")
    walker.press("Open an account to apply")
    walker.look("sign-up")
    account.sign_up(walker, product, person)
    if not walker.path().startswith("/openings/"):
        walker.visit(f"{OPENING}?country={person.country}")
    walker.press("Apply")
    walker.look("task-list")


def screen(walker: Walker, *, unmet: bool = False) -> None:
    """Answer the questions; one that is not met is shown at once and may be explained."""
    walker.press("Answer the questions")
    walker.look("screening")
    walker.fill(**MEETS | ({"sft-rlhf-years": "1"} if unmet else {}))
    walker.press("Save and continue")
    if unmet:
        assert "Not everything is met" in walker.text()
        walker.look("screening-unmet")
        walker.fill(explanation="For two years I graded demonstrations without the title.")
        walker.press("Apply all the same")
        assert "A person looks at your application" in walker.text()


def agree(walker: Walker) -> None:
    """Read and accept."""
    walker.press("Read and accept the agreement")
    walker.look("agreement")
    walker.page.get_by_label("I have read this and accept it").check()
    walker.press("Accept and continue")
    assert "Accepted and recorded" in walker.text()


def sit(walker: Walker, *, right: bool, drops: tuple[int, ...], closes: int) -> None:
    """All of the exam, its page closed once and the connection dropped at some questions."""
    walker.press(re.compile("^Sit the exam"))
    walker.look("exam-about")
    walker.press("Start the exam")
    walker.look("exam-question")
    for position in range(1, sitting.LENGTH + 1):
        if position in drops:
            sitting.answer_through_a_drop(walker, position)
        else:
            sitting.answer(walker, position, right=right)
        if position == closes:
            walker.look("exam-answered")
            _close_and_come_back(walker, position)
        sitting.go_on(walker, position)
    assert "24 of 24 answered" in walker.page.locator("header").inner_text()
    walker.look("exam-overview")
    walker.press("Finish the exam")
    walker.until("What follows")
    walker.look("exam-result")


def score_on_paper(walker: Walker) -> None:
    """The score report as a file."""
    walker.press("Make a score report (PDF)")
    walker.until("Download the score report")
    link = walker.page.get_by_role("link", name="Download the score report")
    assert walker.fetch(link.get_attribute("href") or "").startswith(b"%PDF")


def _close_and_come_back(walker: Walker, position: int) -> None:
    expect(walker.page.locator("[data-exam-state]")).to_contain_text("Answer saved")
    walker.reopen("/exams/mine")
    walker.look("exams-mine")
    walker.page.locator("main table a").first.click()
    walker.page.wait_for_url(f"**/exams/*/{position}")
    chosen = "form[data-exam] input:checked, form[data-exam] input[type=text]"
    assert walker.page.locator(chosen).count() > 0


def identify(walker: Walker) -> None:
    """The check at Stripe's hosted page (the sandbox's stand-in), and back."""
    walker.visit("/identity")
    walker.look("identity")
    walker.page.locator("[name=consent]").check()
    walker.press("Start the check")
    if walker.path() != "/identity/leave":
        walker.visit("/identity/leave")
    walker.look("identity-leave")
    walker.press("Go to Stripe's page")
    walker.look("identity-hosted")
    walker.press("Verified")
    walker.look("identity-back")
    assert b"state" in walker.fetch("/identity/state")
    walker.visit("/identity")
    walker.until("There is nothing more to do")
    walker.look("identity-done")
