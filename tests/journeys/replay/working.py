"""Three experts at the HTTP workbench: they read the page, wait as long as people do, and answer."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import httpx
import sqlalchemy as sa

from portal.db import reading
from portal.prose import markdown
from tasks.models import Assignment, Task
from tests.journeys.replay.founding import SLUG
from tests.journeys.replay.recorded import Expert, Wrong
from tests.journeys.stack import Stack

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
BEAT = timedelta(seconds=30)
SITTING = timedelta(hours=2)
_NOTHING = "This answer is empty."
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class _Answers(HTMLParser):
    """The text of the workbench's two answers, in the order shown."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = (dict(attrs).get("class") or "").split()
        if self._depth:
            self._depth += tag not in {"br", "hr", "img", "input"}
        elif "answer__body" in classes:
            self.texts.append("")
            self._depth = 1

    def handle_endtag(self, tag: str) -> None:
        self._depth -= bool(self._depth)

    def handle_data(self, data: str) -> None:
        if self._depth:
            self.texts[-1] += data


def work(stack: Stack, experts: list[Expert], texts: dict[str, dict[str, str]]) -> None:
    """Sittings of two hours, one expert after the other, until nobody is handed anything."""
    for expert in experts:
        _accept(expert)
    open_for = {expert.name for expert in experts}
    begin = MONDAY + timedelta(hours=1)
    while open_for:
        for expert in experts:
            if expert.name in open_for and not _sit(stack, expert, texts, begin):
                open_for.discard(expert.name)
            begin += SITTING + timedelta(minutes=15)
        stack.drain()
    for expert in experts:
        print(f"{expert.name}: {len(expert.judged)} judgments in {expert.sittings} sittings")


def _accept(expert: Expert) -> None:
    page = expert.browser.get(f"/work/projects/{SLUG}")
    page.raise_for_status()
    expert.token = _search(_TOKEN, page.text)
    version = _search(re.compile(r'name="agreement" value="(\d+)"'), page.text)
    answer = _post(expert, f"/work/projects/{SLUG}/accept", {"agreement": version, "accept": "y"})
    if "Read the guideline, then start" not in answer.text:
        raise Wrong(f"{expert.name} could not accept the terms")


def _sit(stack: Stack, expert: Expert, texts: dict[str, dict[str, str]], begin: datetime) -> bool:
    """One sitting; False where there was nothing left from the start."""
    stack.set_clock(begin)
    page = _post(expert, f"/work/projects/{SLUG}/start", {})
    place = _place(page)
    if place is None:
        return False
    expert.sittings += 1
    running_clock = _post_json(expert, "/work/clock/", {"assignment": place})
    moment, seq = begin, 0
    while place is not None and moment - begin < SITTING:
        took = timedelta(seconds=expert.random.uniform(20, 180))
        for moment_of_beat in _beats(moment, took):
            seq += 1
            stack.set_clock(moment_of_beat)
            beat = {"epoch": running_clock["epoch"], "seq": seq, "idle": 0}
            _post_json(expert, str(running_clock["beats"]), beat)
        moment += took
        stack.set_clock(moment)
        page = _answer(expert, place, page.text, texts)
        expert.seconds += took.total_seconds()
        place = _place(page)
    stack.set_clock(moment)
    _post_json(expert, str(running_clock["stop"]), {})
    return True


def _beats(moment: datetime, took: timedelta) -> Iterator[datetime]:
    beat = moment + BEAT
    while beat < moment + took:
        yield beat
        beat += BEAT


def _answer(
    expert: Expert, place: str, page: str, texts: dict[str, dict[str, str]]
) -> httpx.Response:
    """Say what was recorded for the pair on the page, in the order that the page shows."""
    with reading() as session:
        mine = sa.select(Assignment).where(Assignment.public_id == place)
        assignment = session.scalars(mine).one()
        task = session.get_one(Task, (assignment.pool_id, assignment.task_id))
        key, stored_order = task.key, list(assignment.order_shown)
    order = _order_on_page(page, texts[key])
    if order is None:
        expert.undecided += 1
        order = stored_order
    said = expert.says[key]
    choice = said if said == "tie" else f"{'ab'[order.index(said)]}2"
    expert.judged[key] = said
    return _post(expert, f"/work/{place}", {"choice": choice})


def _order_on_page(page: str, pair: dict[str, str]) -> list[str] | None:
    """Which stored answer stands first, read off the page; None where both read alike."""
    reader = _Answers()
    reader.feed(page)
    shown = [_plain(text.replace(_NOTHING, "")) for text in reader.texts]
    stored = {side: _plain(_text(markdown(pair[f"response_{side}"]))) for side in "ab"}
    if stored["a"] == stored["b"]:
        return None
    for order in (["a", "b"], ["b", "a"]):
        if shown == [stored[side] for side in order]:
            return order
    raise Wrong(f"the page of pair {pair['task']} shows other answers: {shown}")


def _text(html: str) -> str:
    return re.sub(r"<[^>]+>", "", str(html))


def _plain(text: str) -> str:
    unescaped = text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return "".join(re.findall(r"\w+", unescaped.replace("&quot;", "")))


def _place(page: httpx.Response) -> str | None:
    """The assignment that the page shows, or None where there is no work left."""
    where = page.headers.get("Content-Location", page.url.path)
    found = re.fullmatch(r"/work/([0-9a-f-]{36})", where)
    return found[1] if found else None


def _post(expert: Expert, path: str, fields: dict[str, str]) -> httpx.Response:
    answer = expert.browser.post(path, data={**fields, "csrf_token": expert.token})
    if answer.status_code != 200:
        raise Wrong(f"{path}: {answer.status_code} {answer.text[:300]}")
    return answer


def _post_json(expert: Expert, path: str, sent: dict[str, object]) -> dict[str, object]:
    answer = expert.browser.post(path, json=sent, headers={"X-CSRFToken": expert.token})
    if answer.status_code != 200:
        raise Wrong(f"{path}: {answer.status_code} {answer.text[:300]}")
    found: dict[str, object] = answer.json()
    return found


def _search(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise Wrong(f"the page has no {pattern.pattern}")
    return found[1]
