"""A few rounds of the chaos; `python -m tests.chaos.payouts` is the whole."""

from tests.chaos.payouts import Plan, chaos
from tests.chaos.points import POINTS


def test_workers_killed_at_every_point_lose_nothing_and_send_nothing_twice() -> None:
    outcome = chaos(Plan(items=16, kills=len(POINTS), faults=0.3, seed=3))
    assert (outcome.lost, outcome.duplicated, outcome.ledger) == (0, 0, 0)
    assert outcome.struck == dict.fromkeys(POINTS, 1)


def test_the_same_chaos_shows_the_duplicates_of_a_naive_worker() -> None:
    outcome = chaos(Plan(items=16, kills=0, faults=0.6, seed=3, naive=True))
    assert outcome.duplicated >= 1
