"""A short stretch behind a bad line in every run; the days are `python -m tests.oracle.network`."""

from unittest import mock

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tasks.service import clock
from tests.oracle import network
from tests.oracle.network import simulate


def test_a_line_that_loses_one_message_in_ten_costs_at_most_a_beat_an_interruption(
    session: Session,
) -> None:
    result = simulate(session, seed=3, hours=1.0, lost=0.1)
    assert result.lost > 10
    assert result.interruptions >= 1
    assert result.error <= result.bound
    assert (result.twice, result.asleep) == (0, 0)


def test_without_sending_again_the_bound_breaks(session: Session) -> None:
    """A line that loses three messages in ten, and pages that do not try again: the check can fail."""
    with mock.patch.object(network, "AGAIN", 1e9):
        result = simulate(session, seed=3, hours=1.0, lost=0.3)
    assert result.error > result.bound


def test_a_clock_that_credits_long_gaps_is_stopped_by_the_database(session: Session) -> None:
    """Sleep would be paid by the clock and offered once more as a claim: the second is refused."""
    with (
        mock.patch.object(clock, "credit", lambda gap, **_: gap),
        pytest.raises(IntegrityError, match="credited already"),
    ):
        simulate(session, seed=3, hours=1.5, lost=0.1)
