"""People who sit an exam over HTTP: each a coroutine that reads pages, thinks, answers, and remembers what was acknowledged."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import Attempt, AttemptEvent, AttemptNonce, EventKind
from exams.queries import attempts as queries
from exams.service import bank, sheet
from portal import agreements, clock
from portal.access import Role
from portal.accounts import sign_ins
from portal.accounts.models import Account, Grant
from portal.db import reading, transaction
from portal.ids import uuid7

SLUG: Final = "measured"
_TOKEN: Final = re.compile(r'name="csrf_token" value="([^"]+)"')
_COOKIE: Final = re.compile(r"^([^=;]+)=([^;]*)")


def prepare(takers: int, questions: int) -> list[str]:
    """An exam, and people signed in who may sit it; gives their tokens. Needs the worker's login."""
    with transaction() as session:
        now = clock.now(session)
        author, approver = (_account(session, Role.MANAGER, f"m{n}", now) for n in range(2))
        bank.import_exam(
            session, _document(questions), now=now, actor=author.id, approver=approver.id
        )
        agreements.publish(session, kind="platform", title="Platform", body="Be kind.", now=now)
        version = agreements.current(session, "platform")
        tokens = []
        for number in range(takers):
            account = _account(session, Role.APPLICANT, f"taker{number}", now)
            if version is not None:
                agreements.accept(session, account_id=account.id, version=version, now=now)
            tokens.append(
                sign_ins.start(
                    session, account=account, device="measured", second_factor=False, now=now
                )
            )
        return tokens


@dataclass
class Taker:
    """One person with a browser, and what they were told."""

    port: int
    token: str
    random: Random
    length: int
    jar: dict[str, str] = field(default_factory=dict)
    attempt: str = ""
    acknowledged: dict[UUID, tuple[int, int]] = field(default_factory=dict)
    """Nonce of each acknowledged answer: its position, and the place that it led to."""
    seconds: list[float] = field(default_factory=list)
    """From sending an answer until the next question was there."""
    _line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def __post_init__(self) -> None:
        self.jar[sign_ins.COOKIE] = self.token

    async def begin(self) -> None:
        """Start the attempt by its page."""
        _, page, _ = await self.ask("GET", f"/exams/about/{SLUG}")
        form = {"csrf_token": _token(page)}
        status, _, place = await self.ask("POST", f"/exams/about/{SLUG}", form)
        if status != 303:
            raise RuntimeError(f"an exam did not begin: {status}")
        self.attempt = place.rsplit("/", 1)[1]

    async def answer(self, position: int, nonce: UUID, *, page: str, write: str) -> str:
        """Send one answer; gives the next page. Counts as acknowledged once we are sent onwards."""
        form = {"csrf_token": _token(page), "nonce": str(nonce), "answer": write, "go": "next"}
        sent = time.perf_counter()
        status, _, place = await self.ask("POST", f"/exams/{self.attempt}/{position}", form)
        if status != 303 or not place.startswith(f"/exams/{self.attempt}/"):
            raise RuntimeError(f"an answer was not taken: {status} {place}")
        self.acknowledged[nonce] = (position, position + 1)
        status, following, _ = await self.ask("GET", place)
        if status != 200 or (position < self.length and "data-exam" not in following):
            raise RuntimeError(f"no next question: {status}")
        self.seconds.append(time.perf_counter() - sent)
        return following

    async def sit(self, think: float) -> None:
        """Every question once, thinking before each, exponentially with this mean."""
        await asyncio.sleep(self.random.uniform(0, think))
        await self.begin()
        _, page, _ = await self.ask("GET", f"/exams/{self.attempt}/1")
        for position in range(1, self.length + 1):
            await asyncio.sleep(self.random.expovariate(1 / think))
            write = str(self.random.randint(1, 3))
            page = await self.answer(position, uuid4(), page=page, write=write)

    async def ask(
        self, method: str, path: str, form: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """One request on a kept line; gives status, body and where we are sent. Raises `OSError`."""
        try:
            return await self._ask(method, path, form)
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
            self.hang_up()
            raise ConnectionError(str(error)) from error

    def hang_up(self) -> None:
        """Let go of the line."""
        if self._line is not None:
            self._line[1].close()
            self._line = None

    async def _ask(
        self, method: str, path: str, form: dict[str, str] | None
    ) -> tuple[int, str, str]:
        if self._line is None or self._line[0].at_eof():
            self._line = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._line
        body = urlencode(form).encode() if form is not None else b""
        cookies = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Cookie: {cookies}"]
        if form is not None:
            head += ["Content-Type: application/x-www-form-urlencoded"]
            head += [f"Content-Length: {len(body)}"]
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        await writer.drain()
        raw = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        status = int(raw[0].split(" ")[1])
        headers = [line.split(": ", 1) for line in raw[1:] if ": " in line]
        found = {name.lower(): value for name, value in headers}
        text = (await reader.readexactly(int(found.get("content-length", "0")))).decode()
        self._keep_cookies([value for name, value in headers if name.lower() == "set-cookie"])
        if found.get("connection", "").lower() == "close":
            self.hang_up()
        return status, text, found.get("location", "")

    def _keep_cookies(self, lines: list[str]) -> None:
        for line in lines:
            if found := _COOKIE.match(line):
                self.jar[found[1]] = found[2]


@dataclass(frozen=True)
class Verdict:
    """What the database holds against what was acknowledged."""

    acknowledged: int
    written: int
    lost: int
    doubled: int
    broken: int
    elsewhere: int
    """Attempts that do not resume where their last acknowledged answer led."""

    @property
    def sound(self) -> bool:
        """Nothing lost, nothing twice, every chain whole, everybody where they were."""
        return not (self.lost or self.doubled or self.broken or self.elsewhere)


def compare(takers: list[Taker]) -> Verdict:
    """Read every attempt's events and compare them with what its person was told."""
    acknowledged = written = lost = doubled = broken = elsewhere = 0
    with reading() as session:
        for taker in takers:
            attempt = session.scalars(_attempt(taker)).one()
            events = list(session.scalars(queries.events(attempt.id)))
            kept = _nonces(session, attempt, events)
            acknowledged += len(taker.acknowledged)
            written += len(kept)
            lost += sum(kept.get(nonce) != facts[0] for nonce, facts in taker.acknowledged.items())
            doubled += len(events) - len({event.seq for event in events})
            broken += sheet.first_break(events) is not None
            last = list(taker.acknowledged.values())[-1][1] if taker.acknowledged else 1
            elsewhere += sheet.read(events).resume != last
    return Verdict(acknowledged, written, lost, doubled, broken, elsewhere)


def _attempt(taker: Taker) -> sa.Select[Attempt]:
    return sa.select(Attempt).where(Attempt.public_id == UUID(taker.attempt))


def _nonces(session: Session, attempt: Attempt, events: list[AttemptEvent]) -> dict[UUID, int]:
    """Nonce to position, of every answer that was written down."""
    places = {one.seq: one.position for one in events if one.kind is EventKind.ANSWERED}
    rows = sa.select(AttemptNonce).where(AttemptNonce.attempt_id == attempt.id)
    return {
        row.nonce: place
        for row in session.scalars(rows)
        if (place := places.get(row.seq)) is not None
    }


async def all_together(takers: list[Taker], way: Callable[[Taker], Awaitable[None]]) -> None:
    """Everybody at once; the first who fails ends it."""
    async with asyncio.TaskGroup() as group:
        for taker in takers:
            group.create_task(_whole(way, taker))


async def _whole(way: Callable[[Taker], Awaitable[None]], taker: Taker) -> None:
    await way(taker)
    taker.hang_up()


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise RuntimeError("a page without a form came back")
    return found[1]


def _account(session: Session, role: Role, name: str, now: Any) -> Account:  # noqa: ANN401
    account = Account(
        public_id=uuid7(now), email=f"{name}@example.org", display_name=name, created_at=now
    )
    account.verify_email(now=now)
    session.add(account)
    session.flush()
    session.add(Grant(account_id=account.id, role=role, granted_at=now))
    session.flush()
    return account


def _document(questions: int) -> dict[str, Any]:
    """So many questions of three kinds, with texts as long as real ones."""
    case = "A member posts a screenshot of a conversation and asks others to write to its author. "
    options = [{"id": name, "text": f"{case}Answer {name}."} for name in "abcd"]
    common = {"area": "policy", "rationale": "It follows from the clause.", "difficulty": 0.0}
    asked: list[dict[str, Any]] = []
    for number in range(questions):
        kind = ("single", "multiple", "numeric")[number % 3]
        one: dict[str, Any] = {"slug": f"question-{number}", "type": kind, "points": 1, **common}
        one |= {"minutes": 1.5, "stem": f"{case * 4}\n\nWhat holds in case {number}?"}
        if kind == "numeric":
            one |= {"unit": "", "decimals": 2, "key": {"value": 1.0, "tolerance": 0.01}}
        else:
            key = {"option": "b"} if kind == "single" else {"options": ["b", "d"]}
            one |= {"options": options, "key": key}
        asked.append(one)
    return {
        "slug": SLUG,
        "title": "Measured",
        "purpose": "Is measured.",
        "instructions": "Answer.",
        "qualification": {"slug": SLUG, "title": "Measured", "valid_months": 1},
        "allowed_minutes": 600,
        "cut": 0.6,
        "cool_down_days": 0,
        "maximum_attempts": 1,
        "areas": [{"slug": "policy", "title": "Policy"}],
        "form": {"number": 1, "questions": [one["slug"] for one in asked]},
        "questions": asked,
    }
