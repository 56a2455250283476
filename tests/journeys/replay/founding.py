"""Setting the replay's project up by the product's own commands, with three experts who may be paid."""

import argparse
import csv
import json
import random
import time
from datetime import datetime
from pathlib import Path

import httpx
import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.models import TaxFormKind
from payouts.service import payees, tax
from payouts.service.tax import Certified
from portal import agreements, clock
from portal.access import Role
from portal.accounts import sign_ins
from portal.accounts.models import Account, Grant, Organisation
from portal.db import reading, transaction
from portal.identity import consent
from portal.identity import service as identity
from portal.identity.models import IdentityCheck
from portal.ids import uuid7
from portal.stripe import accounts, verifications
from tests.journeys.replay.recorded import Expert, Wrong
from tests.journeys.stack import Stack

SLUG = "pandalm"
_FILE = {
    "prompt": "instruction",
    "context": "input",
    "a": "response_a",
    "b": "response_b",
    "key": "task",
}
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


def found(
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


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _expert(stack: Stack, name: str, says: dict[str, str], options: argparse.Namespace) -> Expert:
    with transaction() as session:
        now = clock.now(session)
        mine = open_account(session, name, Role.EXPERT, now)
        token = sign_ins.start(session, account=mine, device="replay", second_factor=False, now=now)
        identity.start(session, account_id=mine.id, now=now)
        payee = payees.begin(session, mine, country="DE", now=now)
        key, reference = str(payee.creation_key), str(mine.public_id)
        account_id = mine.id
    _verify(stack, account_id)
    _onboard(account_id, key=key, reference=reference, email=f"{name}@example.org")
    browser = httpx.Client(
        base_url=stack.url, cookies={sign_ins.COOKIE: token}, follow_redirects=True, timeout=60
    )
    dice = random.Random(f"{options.seed}:{name}")  # noqa: S311  a repeatable replay
    flipped = {task: _flip(label, dice, options.flip) for task, label in says.items()}
    return Expert(name, flipped, account_id, browser, dice)


def open_account(session: Session, name: str, role: Role, now: datetime) -> Account:
    """An account whose address is confirmed, with one role."""
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
        now = clock.now(session)
        payees.seen(session, account_id, ready, now=now)
        tax.give(
            session, account_id, Certified(TaxFormKind.W8BEN, email, "DE", "36574261809"), now=now
        )
