"""A few rounds of the storm; `python -m tests.payouts.kill_storm --kills 50` is the whole."""

from tests.payouts.kill_storm import storm


def test_a_worker_killed_after_the_effect_loses_nothing_and_sends_nothing_twice() -> None:
    count = storm(kills=3, naive=False)
    assert count.struck == 3
    assert (count.lost, count.duplicated, count.ledger) == (0, 0, 0)


def test_the_same_storm_finds_the_duplicates_of_a_naive_worker() -> None:
    count = storm(kills=2, naive=True)
    assert count.duplicated >= 1
