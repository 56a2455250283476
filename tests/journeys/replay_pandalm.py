"""Replay 999 recorded preference pairs through the HTTP workbench, and follow the money to the cent.

    python -m tests.journeys.replay_pandalm [--flip .2] [--pairs N] [--seed N]

Three simulated experts (one a recorded annotator each) judge what the workbench hands them, gold
included, on a moved clock: each judgment takes its seeded 20 to 180 s with a heartbeat every 30 s.
Everything that is printed is compared with what this script counted by itself.
"""

import argparse
import csv
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import LedgerEntry, Payout, Posting, Statement
from payouts.service import payees, runs, statements
from portal import agreements, clock
from portal.access import Role
from portal.accounts import sign_ins
from portal.accounts.models import Account, Grant, Organisation
from portal.db import reading, transaction
from portal.identity import consent
from portal.identity import service as identity
from portal.identity.models import IdentityCheck
from portal.ids import uuid7
from portal.prose import markdown
from portal.stripe import accounts, transfers, verifications
from tasks.models import Assignment, Gold, GoldScore, Judgment, Segment, Task, Timesheet
from tasks.service import timesheets
from tests.journeys.stack import Stack, running

SLUG = "pandalm"
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
BEAT = timedelta(seconds=30)
SITTING = timedelta(hours=2)
_FILE = {
    "prompt": "instruction",
    "context": "input",
    "a": "response_a",
    "b": "response_b",
    "key": "task",
}
_NOTHING = "This answer is empty."
_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Wrong(AssertionError):
    """A count of ours and one of the product's differ."""


@dataclass
class Expert:
    """One simulated expert: what they will say, and what this script counted of what they did."""

    name: str
    says: dict[str, str]  # task → choice, after flips
    account_id: int
    browser: httpx.Client
    random: random.Random
    seconds: float = 0.0
    sittings: int = 0
    judged: dict[str, str] = field(default_factory=dict)
    undecided: int = 0
    token: str = ""


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


def main() -> int:
    """Run it; the exit status says whether everything agreed."""
    options = _options()
    source = options.data / "preferences" / "pandalm_pairs"
    if not source.exists():
        print(f"skipped: {source} is not here")
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="replay-") as folder, running(Path(folder)) as stack:
        texts, labels = _source(source, options.pairs)
        stack.set_clock(MONDAY - timedelta(hours=4))
        experts = _found(stack, Path(folder), source, texts, labels, options)
        _work(stack, experts, texts)
        _pay(stack, experts)
        _report(experts, texts, labels, options)
    print(f"all of it agrees; {time.monotonic() - began:.0f} s")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flip", type=float, default=0.0, help="share of answers turned round")
    parser.add_argument("--pairs", type=int, default=999, help="how many pairs, from the first")
    parser.add_argument("--seed", type=int, default=20261123)
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    return parser.parse_args()


def _source(
    folder: Path, pairs: int
) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    with (folder / "texts.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["task"]: row for row in list(csv.DictReader(file))[:pairs]}
    labels: dict[str, dict[str, str]] = {}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["task"] in texts:
                labels.setdefault(row["worker"], {})[row["task"]] = row["label"]
    return texts, labels


def _found(
    stack: Stack,
    folder: Path,
    source: Path,
    texts: dict[str, dict[str, str]],
    labels: dict[str, dict[str, str]],
    options: argparse.Namespace,
) -> list[Expert]:
    """Set the project up by the product's commands, and three experts who may be paid."""
    with transaction() as session:
        now = clock.now(session)
        session.add(Organisation(slug="replay", name="Replay", created_at=now))
        text = consent.STRIPE
        agreements.publish(session, kind=text.kind, title=text.title, body=text.body, now=now)
    (folder / "project.json").write_text(json.dumps(_PROJECT), "utf-8")
    stack.command("tasks", "create-project", str(folder / "project.json"), "--open")
    _write(folder / "texts.csv", list(texts.values()))
    columns = ",".join(f"{field}={column}" for field, column in _FILE.items())
    importing = ("tasks", "import", str(folder / "texts.csv"), "--project", SLUG)
    print(stack.command(*importing, "--type", "preference", "--map", columns).strip())
    print(stack.command(*importing, "--type", "preference", "--map", columns).strip(), "(again)")
    rows = [
        {"task": t, "worker": w, "label": x} for w, says in labels.items() for t, x in says.items()
    ]
    _write(folder / "labels.csv", rows)
    gold = ("tasks", "make-gold", "--project", SLUG, "--labels", str(folder / "labels.csv"))
    count = str(round(100 * len(texts) / 999))
    print(stack.command(*gold, "--count", count, "--seed", str(options.seed)).strip())
    made = [_expert(stack, name, says, options) for name, says in sorted(labels.items())]
    stack.drain()
    return made


_PROJECT = {
    "organisation": "replay",
    "slug": SLUG,
    "title": "Instruction following, recorded pairs",
    "line": "Which of two answers follows the instruction better?",
    "question": "Which answer follows the instruction better?",
    "task_type": "preference",
    "currency": "USD",
    "rate_per_hour": 4200,
    "overlap": 3,
    "gold_share": 0.12,
    "payroll_zone": "UTC",
    "day_cap_seconds": 86400,
    "week_cap_seconds": 7 * 86400,
    "guideline": {
        "label": "1.0",
        "body": "# Instruction following\n\n## 1 What counts\n\nFollow it.",
    },
    "agreement": {"title": "Replay", "body": "You judge recorded pairs."},
}


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _expert(stack: Stack, name: str, says: dict[str, str], options: argparse.Namespace) -> Expert:
    with transaction() as session:
        now = clock.now(session)
        account = _account(session, name, Role.EXPERT, now)
        token = sign_ins.start(
            session, account=account, device="replay", second_factor=False, now=now
        )
        identity.start(session, account_id=account.id, now=now)
        payee = payees.begin(session, account, country="DE", now=now)
        key, reference = str(payee.creation_key), str(account.public_id)
        account_id = account.id
    _verify(stack, account_id)
    _onboard(account_id, key=key, reference=reference, email=f"{name}@example.org")
    browser = httpx.Client(
        base_url=stack.url, cookies={sign_ins.COOKIE: token}, follow_redirects=True, timeout=60
    )
    dice = random.Random(f"{options.seed}:{name}")  # noqa: S311  a repeatable replay
    flipped = {task: _flip(label, dice, options.flip) for task, label in says.items()}
    return Expert(name, flipped, account_id, browser, dice)


def _account(session: Session, name: str, role: Role, now: datetime) -> Account:
    account = Account(
        public_id=uuid7(now), email=f"{name}@example.org", display_name=name, created_at=now
    )
    account.verify_email(now=now)
    session.add(account)
    session.flush()
    session.add(Grant(account_id=account.id, role=role, granted_at=now))
    return account


def _flip(label: str, dice: random.Random, share: float) -> str:
    if dice.random() >= share:
        return label
    return {"a": "b", "b": "a", "tie": "a"}[label]


def _verify(stack: Stack, account_id: int) -> None:
    """Go through the hosted identity page as a person would."""
    stack.drain()
    with reading() as session:
        mine = sa.select(IdentityCheck).where(IdentityCheck.account_id == account_id)
        session_id = session.scalars(mine).one().session_id or ""
    hosted = verifications.hosted_url(session_id) or ""
    httpx.post(hosted, data={"outcome": "verified"})
    for _ in range(100):
        stack.drain()
        with reading() as session:
            if session.scalars(mine).one().state.value == "verified":
                return
        time.sleep(0.1)
    raise Wrong("the identity check did not settle")


def _onboard(account_id: int, *, key: str, reference: str, email: str) -> None:
    made = accounts.ensure(
        known=None, reference=reference, email=email, country="DE", display_name=email,
        idempotency_key=key,
    )  # fmt: skip
    link = accounts.onboarding_link(
        made.id, return_url="http://127.0.0.1:1/back", refresh_url="http://127.0.0.1:1/again"
    )
    httpx.post(link, data={"outcome": "active"})
    ready = accounts.retrieve(made.id)
    with transaction() as session:
        payees.seen(session, account_id, ready, now=clock.now(session))


def _work(stack: Stack, experts: list[Expert], texts: dict[str, dict[str, str]]) -> None:
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


def _pay(stack: Stack, experts: list[Expert]) -> None:
    """Hand in, approve, draw statements, build a run, approve it as somebody else, send."""
    stack.set_clock(MONDAY + timedelta(days=8))
    with transaction() as session:
        now = clock.now(session)
        manager = _account(session, "manager", Role.MANAGER, now).id
        finance = _account(session, "finance", Role.FINANCE, now).id
        for sheet in session.scalars(sa.select(Timesheet).order_by(Timesheet.id)).all():
            timesheets.submit(session, sheet, now=now)
            timesheets.approve(session, sheet, by=manager, now=now)
    stack.advance(timedelta(hours=1))
    _draw(experts)
    stack.drain()
    with transaction() as session:
        now = clock.now(session)
        client = session.scalars(sa.select(Organisation)).one()
        run = runs.build(session, organisation_id=client.id, currency="USD", by=manager, now=now)
    with transaction() as session:
        run = session.merge(run)
        runs.approve(session, run, by=finance, seen=run.lines_sha256, now=clock.now(session))
    stack.drain()


def _draw(experts: list[Expert]) -> None:
    for expert in experts:
        with transaction() as session:
            statements.draw(session, expert_id=expert.account_id, now=clock.now(session))


def _report(
    experts: list[Expert],
    texts: dict[str, dict[str, str]],
    labels: dict[str, dict[str, str]],
    options: argparse.Namespace,
) -> None:
    sent = list(transfers.every())
    with reading() as session:
        _judgments(session, experts, texts)
        _seconds(session, experts)
        _money(session, experts, sent)
        below = [_gold_share(session, expert, labels, options) for expert in experts]
    _same("experts below 100 % on gold, at least one", any(below), True)


def _judgments(session: Session, experts: list[Expert], texts: dict[str, dict[str, str]]) -> None:
    gold = _count(session, sa.select(Gold))
    stored = session.execute(
        sa.select(Judgment, Task.key).join(
            Task, sa.and_(Task.pool_id == Judgment.pool_id, Task.id == Judgment.task_id)
        )
    ).all()
    served = sum(key in _gold_keys(session) for _, key in stored)
    real = len(texts) - gold
    _same("judgments = real tasks * 3 + gold served", len(stored), real * 3 + served)
    print(f"  {real} real tasks * 3 + {served} gold served")
    names = {expert.account_id: expert for expert in experts}
    wrong = sum(
        judgment.value["choice"] != names[judgment.expert_id].judged[key]
        for judgment, key in stored
    )
    _same("stored answers that differ from the recorded ones", wrong, 0)
    orders = Counter("".join(judgment.order_shown) for judgment, _ in stored)
    alike = sum(expert.undecided for expert in experts)
    print(f"  orders shown: {dict(orders)}; pairs whose answers read alike: {alike}")


def _seconds(session: Session, experts: list[Expert]) -> None:
    for expert in experts:
        spans = session.scalars(sa.select(Segment).where(Segment.expert_id == expert.account_id))
        credited = sum((span.ended_at - span.started_at).total_seconds() for span in spans)
        off = credited - expert.seconds
        print(f"  {expert.name}: credited {credited:.1f} s, own sum {expert.seconds:.1f} s")
        within = abs(off) <= BEAT.total_seconds() * expert.sittings
        _same(f"{expert.name}: within one beat a sitting", within, True)


def _money(session: Session, experts: list[Expert], sent: list[transfers.Transfer]) -> None:
    drawn = session.scalars(sa.select(Statement)).all()
    paid = session.scalars(sa.select(Payout)).all()
    _same("statements", len(drawn), len(experts))
    _same("transfers at the provider", len(sent), len(experts))
    _same("payouts paid", sum(payout.state.value == "paid" for payout in paid), len(experts))
    amounts = sorted(transfer.amount.minor for transfer in sent)
    _same("amounts sent = amounts of payouts", amounts, sorted(p.minor for p in paid))
    _same("every amount above zero", min(amounts) > 0, True)
    total = session.scalar(sa.select(sa.func.coalesce(sa.func.sum(Posting.minor), 0)))
    _same("ledger sum", int(total or 0), 0)
    print(f"  {_count(session, sa.select(LedgerEntry))} ledger entries; cents sent: {amounts}")


def _gold_share(
    session: Session,
    expert: Expert,
    labels: dict[str, dict[str, str]],
    options: argparse.Namespace,
) -> bool:
    """Compare the product's share on gold with a count over the source; whether it is below one."""
    scored = session.execute(
        sa.select(GoldScore.right, Task.key)
        .join(Judgment, Judgment.id == GoldScore.judgment_id)
        .join(Task, sa.and_(Task.pool_id == Judgment.pool_id, Task.id == Judgment.task_id))
        .where(Judgment.expert_id == expert.account_id)
    ).all()
    keys = [key for _, key in scored]
    majority = {key: _majority([says[key] for says in labels.values()]) for key in keys}
    ours = sum(expert.says[key] == majority[key] for key in keys)
    theirs = sum(bool(right) for right, _ in scored)
    _same(f"{expert.name}: right on {len(keys)} gold", theirs, ours)
    if options.flip:
        unflipped = sum(expert.says[key] == labels[expert.name][key] for key in keys)
        print(f"  {expert.name}: {unflipped} of {len(keys)} gold answered as recorded")
    return theirs < len(keys)


def _majority(said: list[str]) -> str | None:
    (label, times), *_ = Counter(said).most_common(1)
    return label if times * 2 > len(said) and label != "tie" else None


def _gold_keys(session: Session) -> set[str]:
    joined = sa.select(Task.key).join(
        Gold, sa.and_(Gold.pool_id == Task.pool_id, Gold.task_id == Task.id)
    )
    return set(session.scalars(joined))


def _count(session: Session, query: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0


def _same(what: str, found: object, wanted: object) -> None:
    print(
        f"{'ok ' if found == wanted else 'BAD'} {what}: {found}"
        + ("" if found == wanted else f", not {wanted}")
    )
    if found != wanted:
        raise Wrong(what)


def _search(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None:
        raise Wrong(f"the page has no {pattern.pattern}")
    return found[1]


if __name__ == "__main__":
    sys.exit(main())
