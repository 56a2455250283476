"""The clock in a real browser: a second tab takes it over visibly, a lost line is said, nothing is paid twice."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, expect
from sqlalchemy.orm import Session, aliased

from portal import clock
from portal.accounts import sign_ins
from portal.db import transaction
from tasks.models import Heartbeat, Segment, WorkSession
from tests.folders import passable_folder
from tests.journeys.stack import Stack, running
from tests.make import Make

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]
BEAT = 31_000


@pytest.fixture(scope="module")
def stack(browser: Browser) -> Iterator[Stack]:
    """A portal of its own; not without a browser to look at it."""
    with passable_folder() as folder, running(folder / "t") as found:
        yield found


@pytest.fixture
def at_work(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A page with a task on it, of an expert who is signed in; its timers only we move."""
    with transaction() as session:
        now = clock.now(session)
        make = Make(session, now)
        project, expert = make.project(tasks=5, slug=f"two-tabs-{make.number()}"), make.expert()
        make.terms(expert, project)
        token = sign_ins.start(
            session, account=expert, device="a test", second_factor=True, now=now
        )
        place = f"{stack.url}/work/projects/{project.slug}"
    context = browser.new_context()
    context.add_cookies([{"name": sign_ins.COOKIE, "value": token, "url": stack.url}])
    page = context.new_page()
    page.clock.install()
    page.goto(place)
    page.get_by_role("button", name="Start work").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    yield page
    context.close()


def test_a_second_tab_takes_the_clock_over_and_the_first_says_so(at_work: Page) -> None:
    first = at_work
    second = first.context.new_page()
    second.clock.install()
    second.goto(first.url)
    expect(second.get_by_role("button", name="Pause")).to_be_visible()
    expect(notice(first)).to_be_hidden()
    first.clock.run_for(BEAT)
    expect(badge(first)).to_contain_text("counting in another tab")
    expect(notice(first)).to_be_visible()
    first.get_by_role("button", name="Count here").click()
    expect(notice(first)).to_be_hidden()
    second.clock.run_for(BEAT)
    expect(badge(second)).to_contain_text("counting in another tab")
    with transaction() as session:
        live = session.scalars(
            sa.select(WorkSession).order_by(WorkSession.id.desc()).limit(1)
        ).one()
        assert live.epoch >= 3
        assert overlaps(session) == 0


def test_a_line_that_is_gone_is_said_and_the_beat_is_sent_again(at_work: Page) -> None:
    page = at_work
    page.context.set_offline(True)
    page.clock.run_for(BEAT)
    expect(badge(page)).to_contain_text("not counting: offline")
    page.context.set_offline(False)
    page.clock.run_for(6_000)
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    with transaction() as session:
        numbers = session.scalars(
            sa.select(Heartbeat.seq).where(Heartbeat.seq.is_not(None)).order_by(Heartbeat.id)
        ).all()
        assert numbers[-1] == 1


def test_before_it_stops_the_clock_asks_whether_one_is_still_reading(at_work: Page) -> None:
    page = at_work
    asked = page.locator('[data-clock-ask="reading"]')
    page.clock.run_for(85_000)
    expect(asked).to_be_hidden()
    page.clock.run_for(8_000)
    expect(asked).to_be_visible()
    page.mouse.move(40, 40)
    page.clock.run_for(2_000)
    expect(asked).to_be_hidden()
    page.clock.run_for(125_000)
    expect(badge(page)).to_contain_text("paused: nothing for a while")


def badge(page: Page) -> Locator:
    """The running clock in the header."""
    return page.locator("[data-clock-badge]")


def notice(page: Page) -> Locator:
    """What a tab says that has lost the clock."""
    return page.locator('[data-clock-ask="taken"]')


def overlaps(session: Session) -> int:
    """Pairs of segments that share a second."""
    twin = aliased(Segment)
    both = (
        sa.select(sa.func.count())
        .select_from(Segment)
        .join(
            twin,
            sa.and_(
                twin.expert_id == Segment.expert_id,
                twin.id > Segment.id,
                twin.started_at < Segment.ended_at,
                twin.ended_at > Segment.started_at,
            ),
        )
    )
    return session.scalar(both) or 0
