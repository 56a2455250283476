"""What an exam office does: grading a text blind, and asking for forms."""

import re
from collections.abc import Callable
from typing import Any

from tests.journeys.walker import Walker


def grade_a_text(walker: Walker) -> None:
    """Open the next text and grade it by keyboard alone."""
    walker.visit("/exams/grading")
    walker.look("texts-to-grade")
    walker.press("Grade the next text")
    walker.look("text-to-grade")
    groups = walker.page.locator("main fieldset")
    for number in range(groups.count()):
        groups.nth(number).locator("input[type=radio]").first.focus()
        walker.page.keyboard.press("ArrowDown")
    with walker.page.expect_navigation(url="**/exams/grading"):
        walker.page.keyboard.press("Control+Enter")
    assert "Your grade is kept." in walker.text()


def ask_for_forms(walker: Walker) -> None:
    """Fill in a blueprint, and see what becomes of it."""
    walker.visit("/exams/manage/explaining-decisions/forms")
    walker.look("forms")
    walker.press("Have forms assembled")
    walker.look("blueprint")
    walker.fill(forms="1", length_least="3", length_most="4")
    walker.press("Assemble")
    walker.look("assembly-asked-for")
    walker.visit("/exams/grading/agreement")
    walker.look("agreement")


_FOCUSED = """() => { const e = document.activeElement; return {tag: e.tagName, name: e.name || '', type: e.type || '',
 value: e.value || '', seen: e.tabIndex >= 0 && e.getClientRects().length > 0} }"""


def sit_by_keyboard(walker: Walker, slug: str) -> None:
    """Sit a whole exam without a mouse: every kind of question is reached, answered and left by key."""
    walker.visit(f"/exams/about/{slug}")
    walker.look("about")
    _reach(walker, lambda at: at["tag"] == "BUTTON" and "start" in _words(walker))
    walker.page.keyboard.press("Enter")
    walker.page.wait_for_url("**/exams/*/1")
    while "/overview" not in walker.path():
        here = walker.path()
        walker.look(here.rpartition("/")[2])
        if "may hurt to read" in walker.text():
            walker.press("Show the question")
            walker.look(f"{here.rpartition('/')[2]}-shown")
        kinds = _answer_by_keyboard(walker)
        assert kinds, f"nothing on {here} could be answered by keyboard"
        _reach(walker, lambda at: at["tag"] == "BUTTON" and "save and continue" in _words(walker))
        walker.page.keyboard.press("Enter")
        walker.page.wait_for_url(re.compile(rf"^(?!.*{re.escape(here)}$)"))
    walker.look("overview")
    assert "Not answered" not in walker.text()
    walker.press("Finish the exam")
    walker.until("Two people read what you wrote")


def _answer_by_keyboard(walker: Walker) -> list[str]:
    """Answer every field that answers, in the order in which Tab comes to it."""
    walker.page.locator("h1").click()
    answered: list[str] = []
    groups: set[str] = set()
    for _ in range(80):
        walker.page.keyboard.press("Tab")
        at = walker.page.evaluate(_FOCUSED)
        if at["tag"] == "BUTTON" and answered and "save and continue" in _words(walker):
            return answered
        if not at["name"].startswith("answer"):
            continue
        if at["tag"] == "SELECT":
            for _ in range(1 + len(answered)):
                walker.page.keyboard.press("ArrowDown")
        elif at["type"] in {"radio", "checkbox"}:
            if at["name"] not in groups:
                walker.page.keyboard.press("Space")
            groups.add(at["name"])
        else:
            numeric = walker.page.evaluate("document.activeElement.inputMode") == "decimal"
            walker.page.keyboard.type("79" if numeric else "We removed it since it says where.")
        answered.append(at["tag"])
    return answered


def _reach(walker: Walker, wanted: Callable[[dict[str, Any]], bool]) -> None:
    """Press Tab until the focus is on it, and can be seen there."""
    for _ in range(120):
        walker.page.keyboard.press("Tab")
        at = walker.page.evaluate(_FOCUSED)
        if at["seen"] and wanted(at):
            return
    raise AssertionError(f"not reached by keyboard on {walker.path()}")


def _words(walker: Walker) -> str:
    words: str = walker.page.evaluate("document.activeElement.innerText || ''")
    return words.lower()
