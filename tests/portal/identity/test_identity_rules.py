"""The database itself refuses an identity check that contradicts itself."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.errors import Conflict
from portal.identity import working_days
from portal.identity.models import CheckState
from tests.make import Make

MONDAY = datetime.fromisoformat("2026-11-23T12:00:00+00:00")


@pytest.mark.parametrize(
    ("state", "changes", "rule"),
    [
        (CheckState.WAITING, {"settled_at": MONDAY}, "settled_at_iff_settled"),
        (CheckState.VERIFIED, {"settled_at": None}, "settled_at_iff_settled"),
        (CheckState.REVIEW, {"review_due_at": None}, "review_has_clock"),
        (CheckState.WAITING, {"review_due_at": MONDAY}, "review_has_clock"),
        (CheckState.WAITING, {"session_id": None}, "waits_with_a_session"),
        (CheckState.PROCESSING, {"session_id": None}, "waits_with_a_session"),
        (CheckState.WAITING, {"consent_id": None}, "nothing_without_consent"),
        (CheckState.STARTING, {"consent_id": None}, "nothing_without_consent"),
        (CheckState.REVIEW, {"consent_id": None}, "nothing_without_consent"),
        (CheckState.VERIFIED, {"poll_at": MONDAY}, "settled_is_not_polled"),
        (CheckState.VERIFIED, {"country": "Kenya"}, "country_is_iso"),
        (CheckState.VERIFIED, {"country": "ke"}, "country_is_iso"),
        (CheckState.WAITING, {"failures": -1}, "failures_not_negative"),
        (CheckState.NOT_ACCEPTED, {"decision_id": None}, "only_a_decision_refuses"),
    ],
)
def test_each_rule_is_kept_by_the_database(
    session: Session, make: Make, state: CheckState, changes: dict[str, Any], rule: str
) -> None:
    check = make.identity_check(state=state)
    for name, value in changes.items():
        setattr(check, name, value)
    with pytest.raises(IntegrityError, match=rule):
        session.flush()


@pytest.mark.parametrize("owner", [True, False])
def test_a_reviewer_is_somebody_else_and_only_of_an_open_case(
    session: Session, make: Make, owner: bool
) -> None:
    check = make.identity_check(state=CheckState.REVIEW if owner else CheckState.WAITING)
    check.reviewer_id = check.account_id if owner else make.account().id
    rule = "nobody_reviews_own" if owner else "reviewer_only_in_review"
    with pytest.raises(IntegrityError, match=rule):
        session.flush()


@pytest.mark.parametrize("state", [CheckState.VERIFIED, CheckState.CANCELED])
def test_what_has_ended_does_not_move_again(make: Make, now: datetime, state: CheckState) -> None:
    check = make.identity_check(state=state)
    moves: list[Callable[[], None]] = [
        partial(check.wait, poll_at=now),
        partial(check.process, poll_at=now),
        partial(check.cancel, now=now),
        partial(check.refuse, decision_id=1, now=now),
        partial(check.verify, country=None, expires_at=now, now=now),
    ]
    for move in moves:
        with pytest.raises(Conflict):
            move()


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23T12:00", 2, "2026-11-25T12:00"),  # Monday to Wednesday
        ("2026-11-26T12:00", 2, "2026-11-30T12:00"),  # Thursday to Monday
        ("2026-11-27T12:00", 2, "2026-12-01T12:00"),  # Friday to Tuesday
        ("2026-11-28T12:00", 2, "2026-12-02T12:00"),  # Saturday counts as Monday
        ("2026-11-29T12:00", 1, "2026-12-01T12:00"),  # Sunday counts as Monday
        ("2026-11-27T12:00", 0, "2026-11-27T12:00"),
    ],
)
def test_working_days_skip_the_weekend(start: str, days: int, end: str) -> None:
    moment = datetime.fromisoformat(f"{start}+00:00")
    assert working_days.later(moment, days) == datetime.fromisoformat(f"{end}+00:00")
