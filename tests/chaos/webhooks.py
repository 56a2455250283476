"""Stripe's events shuffled, doubled, late and forged: what our checks come to must not notice.

    python -m tests.chaos.webhooks
    python -m tests.chaos.webhooks --events 200 --deliveries 800 --forged 40

People go through identity checks at the sandbox in five steps or fewer, each an event. While they
do, events are delivered to the real address of the web application by several threads: in any
order, some twice, some again long after the end, and between them forged ones of eight kinds.
Nothing but events moves a check here: no sweep runs. At the end every check is compared with what
Stripe says now, and then asked about once more, which must change nothing.

It also counts how many checks would stand wrong if each event were believed in the order in which
it came: where that is none, the storm was a breeze and the rest proves little.
"""

import argparse
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from portal import clock, db
from portal.identity import provider
from portal.identity.last_errors import NextAction, explain
from portal.identity.models import CheckState, IdentityCheck
from portal.jobs import work
from portal.stripe import verifications
from portal.stripe.models import StripeEvent
from portal.stripe.sandbox import tables
from portal.stripe.sandbox.desk import Desk, new_id
from portal.stripe.sandbox.resources import verifications as sessions
from portal.stripe.sandbox.resources.verifications import Outcome, error_codes
from portal.stripe.verifications import VerificationStatus
from tests.chaos.forgeries import FORGERIES
from tests.chaos.stack import Stack, people, stack

_STEPS: Final = 4
_MOST_EVENTS: Final = 2 * _STEPS + 1
"""Of one person: the beginning, and two at each step."""
_PLAIN: Final = {
    VerificationStatus.VERIFIED: CheckState.VERIFIED,
    VerificationStatus.CANCELED: CheckState.CANCELED,
    VerificationStatus.PROCESSING: CheckState.PROCESSING,
    VerificationStatus.REQUIRES_INPUT: CheckState.WAITING,
}
_CANCELED: Final = "identity.verification_session.canceled"
_THREADS: Final = 4
_DUPLICATED: Final = 0.30
_REPLAYED: Final = 0.05
_AGAIN: Final = tuple(c for c in error_codes() if explain(c).action is NextAction.AGAIN)
_CALLS: Final = {
    code: CheckState.EVIDENCE if explain(code).action is NextAction.PAPERS else CheckState.REVIEW
    for code in error_codes()
    if code not in _AGAIN
}
"""Codes after which a person of ours takes over, and how the check then stands."""


@dataclass
class Count:
    """What the storm came to."""

    events: int = 0
    deliveries: int = 0
    duplicated: int = 0
    replayed: int = 0
    forged: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    forged_accepted: int = 0
    genuine_refused: int = 0
    stored_twice: int = 0
    differs_from_stripe: int = 0
    changed_by_polling: int = 0
    believed: int = 0
    states: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        """Whether nothing was noticed, and there was something to notice."""
        wrong = self.forged_accepted + self.stored_twice + self.differs_from_stripe
        calm = wrong + self.genuine_refused + self.changed_by_polling == 0
        return calm and set(self.answers) <= {200, 202, 204, 400} and self.believed > 0

    def __str__(self) -> str:
        answers = " ".join(f"{status}:{number}" for status, number in sorted(self.answers.items()))
        states = " ".join(f"{state}:{number}" for state, number in sorted(self.states.items()))
        return (
            f"events={self.events} deliveries={self.deliveries} duplicated={self.duplicated}"
            f" replayed={self.replayed} forged={self.forged}\n"
            f"answers {answers}\n"
            f"checks  {states}\n"
            f"forged_accepted={self.forged_accepted} genuine_refused={self.genuine_refused}"
            f" stored_twice={self.stored_twice}"
            f" differs_from_stripe={self.differs_from_stripe}"
            f" changed_by_polling={self.changed_by_polling}\n"
            f"believed in the order they came, {self.believed} checks would stand wrong"
        )


def storm(*, events: int, deliveries: int, forged: int, seed: int) -> Count:
    """Deliver so many events so often, and forgeries between them; gives what it came to."""
    rng = random.Random(seed)  # noqa: S311 - no secret depends on it
    with stack() as running:
        checks = people(max(1, events // _MOST_EVENTS))
        weather = _Weather(running, rng, checks)
        weather.blow(events=events, deliveries=deliveries, forged=forged)
        return weather.count


@dataclass(frozen=True)
class _Letter:
    """One delivery: a genuine event, or whom a forger's claim is about."""

    about: dict[str, Any]
    forger: str = ""


class _Weather:
    """The storm: what has happened at Stripe, and what of it has been delivered."""

    def __init__(self, running: Stack, rng: random.Random, checks: dict[int, str]) -> None:
        self._running, self._rng, self._checks = running, rng, checks
        self._told: list[dict[str, Any]] = []  # genuine deliveries in the order they were sent
        self._taken: set[str] = set()
        self.count = Count()

    def blow(self, *, events: int, deliveries: int, forged: int) -> None:
        waiting: list[dict[str, Any]] = []
        forgeries = [self._rng.choice(sorted(FORGERIES)) for _ in range(forged)]
        for step in range(_STEPS):
            waiting += self._happen(step)
            self._rng.shuffle(waiting)
            half = len(waiting) // 2
            part = forgeries[step::_STEPS]
            self._deliver(self._doubled(waiting[:half]), part)
            waiting = waiting[half:]
        waiting += self._strangers(events - len(self._events()))
        every = self._events()
        self.count.events = len(every)
        late = self._rng.sample(every, int(_REPLAYED * deliveries))
        again = max(0, deliveries - len(self._told) - len(waiting) - len(late))
        last = [*waiting, *self._rng.choices(every, k=again)]
        self._rng.shuffle(last)
        self._deliver(last, [])
        self._deliver(late, [])
        self.count.duplicated = len(self._told) - len(every) - len(late)
        self.count.replayed, self.count.forged = len(late), forged
        self.count.deliveries = len(self._told)
        self._judge()

    def _happen(self, step: int) -> list[dict[str, Any]]:
        """One more step for everybody, and the events of it."""
        newest = self._newest()
        with Session(self._running.engine) as session, session.begin():
            here = Desk(session.connection(), clock.now(session), self._running.base, new_id("req"))
            for session_id in self._checks.values():
                found = sessions.find(here, session_id)
                if found["status"] == "processing" or self._goes_on(found):
                    sessions.settle(here, found, self._outcome(step), country="KE")
        return self._events(after=newest)

    def _goes_on(self, found: dict[str, Any]) -> bool:
        """Whoever was told that a person takes over does not try again."""
        error = (found["last_error"] or {}).get("code")
        return found["status"] == "requires_input" and error not in _CALLS

    def _outcome(self, step: int) -> str:
        """The first steps fail, later ones end, so that there is an order to be confused about."""
        if step < 2:
            return self._rng.choice(_AGAIN)
        ends = [Outcome.VERIFIED] * 8 + [Outcome.PROCESSING] * 2 + sorted(_CALLS)
        return str(self._rng.choice(ends))

    def _strangers(self, number: int) -> list[dict[str, Any]]:
        """So many events about sessions of which we know nothing."""
        newest = self._newest()
        with Session(self._running.engine) as session, session.begin():
            here = Desk(session.connection(), clock.now(session), self._running.base, new_id("req"))
            for _ in range(number):
                here.emit(_CANCELED, {"id": new_id("vs"), "status": "canceled"})
        return self._events(after=newest)

    def _doubled(self, some: list[dict[str, Any]]) -> list[dict[str, Any]]:
        twice = [event for event in some if self._rng.random() < _DUPLICATED]
        both = [*some, *twice]
        self._rng.shuffle(both)
        return both

    def _deliver(self, some: list[dict[str, Any]], forgeries: list[str]) -> None:
        """Post everything from several threads, and let the worker run beside."""
        self._told += some
        targets = self._rng.choices(list(self._checks.values()), k=len(forgeries))
        letters = [_Letter(event) for event in some]
        letters += [_Letter({"id": t}, kind) for t, kind in zip(targets, forgeries, strict=True)]
        self._rng.shuffle(letters)
        with ThreadPoolExecutor(_THREADS) as threads:
            working = threads.submit(work.drain)
            for status, kind in threads.map(self._post, letters):
                self.count.answers[status] += 1
                taken = 200 <= status < 300
                self.count.forged_accepted += bool(kind) and taken
                self.count.genuine_refused += not kind and not taken
            working.result()
        work.drain()

    def _post(self, letter: "_Letter") -> tuple[int, str]:
        """Signed only now: on a slow machine a batch takes longer than a signature is good for."""
        now = int(time.time())
        if letter.forger:
            forge = FORGERIES[letter.forger]
            body, header = forge(str(letter.about["id"]), self._running.secret, now)
        else:
            body, header = self._running.sign(json.dumps(letter.about).encode())
        return self._running.post(body, header), letter.forger

    def _newest(self) -> int:
        with self._running.engine.connect() as connection:
            return connection.scalar(sa.select(sa.func.max(tables.objects.c.seq))) or 0

    def _events(self, after: int = 0) -> list[dict[str, Any]]:
        rows = tables.objects
        query = sa.select(rows.c.data).where(rows.c.kind == "event", rows.c.seq > after)
        with self._running.engine.connect() as connection:
            return list(connection.scalars(query.order_by(rows.c.seq)))

    def _judge(self) -> None:
        stands = self._standing()
        self.count.states = Counter(state.value for state in stands.values())
        self.count.differs_from_stripe = sum(
            stands[check_id] is not self._should_be(session_id)
            for check_id, session_id in self._checks.items()
        )
        self.count.believed = self._wrong_if_believed()
        for check_id in self._checks:
            provider.refresh(check_id)
        polled = self._standing()
        self.count.changed_by_polling = sum(stands[i] is not polled[i] for i in stands)
        with db.reading() as session:
            ids = list(session.scalars(sa.select(StripeEvent.event_id)))
        known = {event["id"] for event in self._told}
        self.count.forged_accepted += sum(event_id not in known for event_id in ids)
        self.count.stored_twice = len(ids) - len(set(ids))

    def _standing(self) -> dict[int, CheckState]:
        with db.reading() as session:
            rows = session.execute(sa.select(IdentityCheck.id, IdentityCheck.state))
            return {check_id: state for check_id, state in rows if check_id in self._checks}

    def _should_be(self, session_id: str) -> CheckState:
        """By our rules, applied to nothing but what Stripe says now."""
        found = verifications.retrieve(session_id)
        if found.last_error in _CALLS:
            return _CALLS[found.last_error]
        return _PLAIN[found.status]

    def _wrong_if_believed(self) -> int:
        """How many would stand wrong if the last event that came were simply believed."""
        last = {e["data"]["object"]["id"]: e["data"]["object"]["status"] for e in self._told}
        true = {
            found["id"]: found["status"]
            for found in self._running.control.objects("identity.verification_session")
        }
        return sum(last.get(session_id) != status for session_id, status in true.items())


def main(arguments: list[str]) -> int:
    """Run the storm and say what it came to; 0 only if nothing was noticed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5_000)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--forged", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    with _quiet():
        count = storm(
            events=asked.events, deliveries=asked.deliveries, forged=asked.forged, seed=asked.seed
        )
    print(count)
    return 0 if count.holds else 1


@contextmanager
def _quiet() -> Iterator[None]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
