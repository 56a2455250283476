"""An adaptive exam in a real browser: by keyboard alone, and by somebody who presses Back."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy.orm import Session

from exams.models import EventKind
from portal.db import reading
from tests.conftest import Database
from tests.exams.adaptive_make import calibrated_exam, design_in_use
from tests.exams.test_exam_in_a_browser import Room, answer_by_keyboard, begin, opened
from tests.make import Make


@pytest.fixture
def room(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> Iterator[Room]:
    """An adaptive exam of exactly five questions, and who sits it."""

    def prepare(session: Session) -> tuple[int, int, str]:
        make = Make(session, now)
        exam = calibrated_exam(make)
        design_in_use(make, exam, shortest=5, longest=5)
        return make.applicant().id, exam.id, exam.slug

    with opened(fresh_database, monkeypatch, prepare) as found:
        yield found


def kinds(room: Room) -> list[EventKind]:
    with reading() as session:
        return [one.kind for one in room.events(session)]


def test_it_is_sat_by_keyboard_alone_and_ends_by_itself(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "keyboard") as walker:
        walker.visit(f"/exams/about/{room.slug}")
        walker.look("about")
        begin(walker, room)
        for position in range(1, 6):
            walker.look(f"question-{position}")
            assert "of at most 5" in walker.page.title()
            answer_by_keyboard(walker.page)
            following = "result" if position == 5 else str(position + 1)
            walker.page.wait_for_url(f"**/exams/*/{following}")
        walker.look("result")
    assert kinds(room).count(EventKind.CHOSEN) == 5
    assert kinds(room)[-1] is EventKind.FINISHED


def test_back_in_the_browser_leads_to_the_question_that_is_due(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "back") as walker:
        begin(walker, room)
        answer_by_keyboard(walker.page)
        walker.page.wait_for_url("**/exams/*/2")
        walker.page.go_back()
        walker.page.reload()
        walker.page.wait_for_url("**/exams/*/2")
        walker.page.get_by_role("link", name="Finish early").click()
        walker.look("early")
        expect(walker.page.get_by_text("at least 5 questions")).to_be_visible()
        walker.press("Back to the question")
        walker.page.wait_for_url("**/exams/*/2")
    assert kinds(room).count(EventKind.CHOSEN) == 2


def test_the_same_page_in_two_tabs_goes_on_once(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "tabs") as walker:
        begin(walker, room)
        other = walker.context.new_page()
        other.goto(walker.page.url)
        answer_by_keyboard(walker.page)
        walker.page.wait_for_url("**/exams/*/2")
        other.get_by_role("button", name="Save and continue").last.click()
        other.wait_for_url("**/exams/*/2")
        expect(other.get_by_text("You had answered that question already")).to_be_visible()
        other.close()
    assert kinds(room).count(EventKind.CHOSEN) == 2
