"""Fifty mismatches among few payouts; `python -m tests.chaos.mismatches --items 10000` is the whole."""

from datetime import datetime

from sqlalchemy.orm import Session

from tests.chaos import mismatches


def test_fifty_mismatches_of_eight_kinds_are_found_and_nothing_else(
    session: Session, now: datetime
) -> None:
    outcome = mismatches.compare(session, items=150, seed=4, now=now)
    assert (outcome.spoilt, outcome.found, outcome.false_alarms) == (50, 50, 0)
