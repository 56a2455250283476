"""An exam in a real browser: by keyboard alone, on a bad line, with little time, on two devices."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

from exams.models import AttemptEvent, EventKind, Signal
from exams.queries import attempts as queries
from exams.service import sheet
from portal import clock, connections, db, settings
from portal.accounts import sign_ins
from portal.accounts.models import Account
from portal.app import create_app
from portal.db import reading, transaction
from portal.settings import Settings
from tests.conftest import Database
from tests.exams.make import BY_PEOPLE, NEWER, QUESTIONS
from tests.journeys.walker import Walker
from tests.make import Make

_EVERY = (*QUESTIONS, *NEWER, *BY_PEOPLE)
_KEPT = "Saved on this device, not yet with us"
_MOST_TABS = 80


@dataclass(frozen=True)
class Room:
    """Where one person sits an exam."""

    base: str
    account_id: int
    exam_id: int
    slug: str

    @contextmanager
    def enter(self, browser: Browser, shots: Path, name: str) -> Iterator[Walker]:
        """A device of theirs, signed in; at the end no page had anything wrong."""
        with transaction() as session:
            account = session.get_one(Account, self.account_id)
            now = clock.now(session)
            token = sign_ins.start(
                session, account=account, device=name, second_factor=False, now=now
            )
        with Walker.enter(browser, name=name, base=self.base, shots=shots) as walker:
            cookie = {"name": sign_ins.COOKIE, "value": token, "url": self.base}
            walker.context.add_cookies([cookie])  # type: ignore[list-item]
            yield walker
            assert walker.faults == []

    def events(self, session: Session) -> list[AttemptEvent]:
        """Everything that happened in the newest attempt."""
        attempt = session.scalars(queries.at_exam(self.account_id, self.exam_id).limit(1)).one()
        return list(session.scalars(queries.events(attempt.id)))

    def sheet(self) -> sheet.Sheet:
        """What the attempt holds."""
        with reading() as session:
            return sheet.read(self.events(session))


@contextmanager
def opened(
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    prepare: Callable[[Session], tuple[int, int, str]],
) -> Iterator[Room]:
    """A server of this test's own; `prepare` gives who sits which exam, and its slug."""
    monkeypatch.setenv("WORKER_DATABASE_URL", database.worker)
    settings.load.cache_clear()
    before = dict(db.sessions.kw)
    connections.as_worker()
    with transaction() as session:
        found = prepare(session)
    db.engine().dispose()
    app = create_app(Settings())
    app.config.update(RATELIMIT_ENABLED=False, SESSION_COOKIE_SECURE=False)
    bound = db.configure(database.app)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield Room(f"http://127.0.0.1:{server.server_port}", *found)
    server.shutdown()
    thread.join()
    server.server_close()
    bound.dispose()
    db.sessions.kw.clear()
    db.sessions.kw.update(before)


@pytest.fixture
def room(
    fresh_database: Database, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> Iterator[Room]:
    """An exam with every kind of question, and who sits it."""

    def prepare(session: Session) -> tuple[int, int, str]:
        make = Make(session, now)
        exam = make.exam_of(*_EVERY, allowed_minutes=45)
        return make.applicant().id, exam.id, exam.slug

    with opened(fresh_database, monkeypatch, prepare) as found:
        yield found


def begin(walker: Walker, room: Room) -> None:
    """Start the exam by its page."""
    walker.visit(f"/exams/about/{room.slug}")
    walker.press("Start the exam")
    walker.page.wait_for_url("**/exams/*/1")


def focused(page: Page) -> dict[str, str]:
    """Where the keyboard is."""
    found: dict[str, str] = page.evaluate(
        "() => { const e = document.activeElement; return {tag: e.tagName, type: e.type ?? '',"
        " name: e.name ?? '', value: e.value ?? '', unseen: String(e.classList.contains('unseen'))} }"
    )
    return found


def answer_by_keyboard(page: Page) -> None:
    """Tab through the page, answer whatever the focus comes to, and press the button that goes on."""
    chosen: set[str] = set()
    for number in range(_MOST_TABS):
        page.keyboard.press("Tab")
        here = focused(page)
        if here["tag"] == "BUTTON" and here["value"] == "next" and here["unseen"] == "false":
            page.keyboard.press("Enter")
            return
        if not here["name"].startswith("answer"):
            continue
        if here["tag"] == "SELECT":
            for _ in range(number % 3 + 1):
                page.keyboard.press("ArrowDown")
        elif here["type"] in {"radio", "checkbox"}:
            if here["name"] not in chosen:
                page.keyboard.press("Space")
        elif here["tag"] == "TEXTAREA":
            page.keyboard.type("A reply in a few words of my own, by keyboard alone. " * 3)
        else:
            page.keyboard.type("1")
        chosen.add(here["name"])
    raise AssertionError("the keyboard never came to the button that goes on")


def test_every_kind_of_question_is_answered_by_keyboard_alone(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "keyboard") as walker:
        begin(walker, room)
        for position in range(1, len(_EVERY) + 1):
            walker.look(f"question-{position}")
            answer_by_keyboard(walker.page)
            following = "overview" if position == len(_EVERY) else str(position + 1)
            walker.page.wait_for_url(f"**/exams/*/{following}")
        walker.look("overview")
        assert room.sheet().answered == set(range(1, len(_EVERY) + 1))


def test_on_a_bad_line_the_answer_stays_on_the_device_and_arrives_once(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "line") as walker:
        begin(walker, room)
        state = walker.page.locator("[data-exam-state]")
        with walker.dropped():
            walker.page.locator("form[data-exam] .choice").nth(1).click()
            expect(state).to_contain_text(_KEPT, timeout=20_000)
            walker.page.wait_for_timeout(1500)  # less than a tenth of a second is not noted
        expect(state).to_contain_text("Answer saved", timeout=20_000)
        with reading() as session:
            events = room.events(session)
        assert [one.kind for one in events].count(EventKind.ANSWERED) == 1
        lost = [one for one in events if one.payload.get("what") == Signal.LINE_LOST.value]
        assert len(lost) == 1
        assert sheet.first_break(events) is None


def said(page: Page) -> Locator:
    """Where a screen reader hears of the time: politely, and at the end at once."""
    return page.locator("[data-exam-announce], [data-exam-alert]")


def test_the_time_left_is_said_aloud_and_at_the_end_the_result_follows(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "time") as walker:
        walker.page.clock.install()
        begin(walker, room)
        polite, urgent = said(walker.page).nth(0), said(walker.page).nth(1)
        assert polite.get_attribute("role") == "status"
        assert urgent.get_attribute("role") == "alert"
        expect(polite).to_have_text("")
        walker.page.clock.fast_forward(35 * 60_000 + 1000)
        expect(polite).to_have_text("10 minutes left")
        walker.page.clock.fast_forward(5 * 60_000)
        expect(polite).to_have_text("5 minutes left")
        walker.page.clock.fast_forward(4 * 60_000)
        expect(urgent).to_contain_text("One minute left")
        walker.page.clock.fast_forward(61_000)
        expect(polite).to_contain_text("Time is over")


def test_a_second_device_takes_over_and_the_first_is_told(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with (
        room.enter(browser, tmp_path, "first") as first,
        room.enter(browser, tmp_path, "second") as second,
    ):
        begin(first, room)
        second.visit(first.path())
        second.look("elsewhere")
        assert "on another device" in second.text()
        second.press("Go on here")
        second.page.wait_for_url("**/exams/*/1")
        first.calm = False  # its save is refused, and says so
        first.page.locator("form[data-exam] .choice").nth(0).click()
        expect(first.page.locator("[data-exam-state]")).to_contain_text("on another device")
        assert room.sheet().answered == frozenset()


def test_more_time_reaches_the_page_with_the_next_save(
    browser: Browser, room: Room, tmp_path: Path
) -> None:
    with room.enter(browser, tmp_path, "more") as walker:
        begin(walker, room)
        with transaction() as session:
            mine = queries.at_exam(room.account_id, room.exam_id)
            attempt = session.scalars(mine.with_for_update()).one()
            attempt.extend(timedelta(minutes=30))
        walker.page.locator("form[data-exam] .choice").nth(0).click()
        expect(said(walker.page).nth(0)).to_contain_text("You have more time now: 74 minutes left")
        expect(walker.page.locator("[data-exam-clock]")).to_have_text("74 min left")
