"""An expert's way: a project accepted, tasks judged by keyboard, time handed in, money looked for."""

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.journeys.walker import Walker

JUDGED = 5


def work(walker: Walker) -> None:
    """Accept the first project there is, read its guideline, and judge some of its tasks."""
    walker.visit("/")
    walker.look("home")
    walker.visit("/work/")
    walker.look("work")
    walker.page.locator("main table a", has_text="Read and accept").first.click()
    walker.look("offer")
    walker.page.locator("#accept").check()
    walker.press("Accept")
    walker.press("Guideline")
    walker.look("guideline")
    walker.page.go_back()
    walker.press("Start work")
    walker.look("workbench")
    _without_dialogs(walker)
    for number in range(JUDGED):
        _judge(walker, number)
    _ask(walker)
    _draft(walker)
    _next(walker, "s")
    walker.look("workbench-later")
    assert str(JUDGED) in _sitting(walker)


def _without_dialogs(walker: Walker) -> None:
    """The keys and the question to the policy team as pages, for browsers that open no dialogs."""
    here = walker.path()
    for page in ("/work/keys", f"{here}/ask"):
        walker.visit(page)
        walker.look(page.rsplit("/", 1)[1])
    walker.visit(here)


def hand_in_time(walker: Walker) -> None:
    """Look at the credited time, ask for a minute the clock missed, and hand the week in."""
    walker.visit("/time/")
    walker.look("time")
    walker.page.locator("main table th a").first.click()
    walker.look("timesheet")
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    walker.fill(minutes="3", work_day=today, reason="I read the guideline on paper first.")
    walker.press("Ask for it")
    assert "Adjustments" in walker.text()
    walker.look("adjustment")
    walker.press("Hand in")
    assert "handed in" in walker.text().lower()


def open_payout_account(walker: Walker) -> None:
    """Say where money goes, on Stripe's page (the sandbox's stand-in), and come back."""
    walker.visit("/earnings/")
    walker.look("earnings")
    walker.press("Set it up")
    if walker.path() != "/earnings/account/leave":
        walker.visit("/earnings/account/leave")
    walker.look("payout-leave")
    walker.press("Go to Stripe's page")
    walker.press("active")
    walker.look("payout-back")
    walker.press("Ask Stripe now")
    walker.visit("/earnings/")
    walker.until("Ready")


def give_tax_form(walker: Walker) -> None:
    """Certify a W-8BEN, without which nothing is sent."""
    walker.visit("/earnings/tax/")
    walker.look("tax-form")
    walker.fill(name="Amara Okafor")
    walker.page.get_by_label("What I say here is true", exact=False).check()
    walker.press("Give this form")
    walker.until("on file")
    walker.visit("/earnings/bank")
    walker.look("bank-details")


def statement_on_paper(walker: Walker) -> None:
    """Have the newest statement set as PDF, and fetch it."""
    walker.visit("/earnings/")
    walker.page.locator("main table th a").first.click()
    walker.press("Make a PDF")
    walker.until("Download (PDF)", seconds=90)
    walker.look("statement-on-paper")
    link = walker.page.get_by_role("link", name="Download (PDF)").get_attribute("href") or ""
    assert walker.fetch(link).startswith(b"%PDF")


def report(walker: Walker) -> None:
    """Ask for one's own report, and fetch it."""
    walker.visit("/reports")
    walker.press("Make the report")
    walker.until("Download the PDF", seconds=90)
    walker.look("report")
    address = walker.page.get_by_role("link", name="Download the PDF").get_attribute("href")
    assert address is not None
    assert walker.fetch(address).startswith(b"%PDF-")
    walker.visit(address.replace("/reports/", "/reports/verify/").removesuffix(".pdf"))
    walker.look("verify")
    assert "We issued this report" in walker.text()


def appeal(walker: Walker) -> None:
    """Contest the newest decision about oneself that can be contested."""
    walker.visit("/decisions")
    walker.look("decisions")
    walker.press(re.compile("^Not passed this time"))
    walker.look("decision")
    walker.fill(words="My connection was slow and fell away twice, as your own clock shows.")
    walker.press("Send the appeal")
    assert "Another person answers by" in walker.text()


def _judge(walker: Walker, number: int) -> None:
    """Answer the task by keyboard alone, whichever kind it is, and go on with Ctrl+Enter."""
    walker.page.locator("h1").click()
    if walker.page.locator("#field-step").count():
        walker.page.keyboard.press("0")
        walker.page.keyboard.press("y")
    else:
        walker.page.keyboard.press("12"[number % 2])
    expect(walker.page.locator("[data-workbench] input:checked").first).to_be_visible()
    walker.page.wait_for_timeout(1200)
    _next(walker, "Control+Enter")


def _next(walker: Walker, key: str) -> None:
    before = walker.page.locator("form[data-workbench]").get_attribute("data-draft")
    walker.page.keyboard.press(key)
    walker.page.wait_for_function(
        "before => document.querySelector('form[data-workbench]')?.dataset.draft !== before",
        arg=before,
    )


def _ask(walker: Walker) -> None:
    walker.page.keyboard.press("e")
    asking = walker.page.locator("dialog[open] textarea")
    asking.fill("Does a quoted threat count where nobody is named?")
    walker.look("ask")
    walker.press("Send question", within=walker.page.locator("dialog[open]"))
    walker.page.wait_for_load_state("load")


def _draft(walker: Walker) -> None:
    box = walker.page.locator("[data-workbench] textarea, [data-workbench] input[name=feedback]")
    box.first.fill("Unfinished thought.")
    expect(walker.page.locator("[data-draft-state]")).to_contain_text("Draft saved")
    walker.page.reload()
    expect(box.first).to_have_value("Unfinished thought.")
    walker.page.locator("h1").click()


def _sitting(walker: Walker) -> str:
    return walker.page.locator(".facts").first.inner_text()
