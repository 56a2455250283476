"""A small storm; `python -m tests.chaos.webhooks` is the whole."""

import pytest

from portal.stripe import notices
from tests.chaos.webhooks import storm


def test_events_in_any_order_doubled_late_and_forged_change_nothing() -> None:
    count = storm(events=60, deliveries=240, forged=24, seed=7)
    assert (count.events, count.deliveries, count.forged) == (60, 240, 24)
    assert count.holds, str(count)
    assert count.answers == {204: 240, 400: 24}


def test_the_storm_finds_a_door_that_takes_any_timestamp(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notices, "TOLERANCE_SECONDS", 10**9)
    count = storm(events=30, deliveries=60, forged=24, seed=7)
    assert count.forged_accepted > 0
    assert not count.holds
