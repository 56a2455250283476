"""Redis is emptied while jobs run, and every job still ends, once in effect."""

from tests.folders import passable_folder
from tests.portal.jobs import flush_storm
from tests.portal.jobs.flush_storm import Outcome


def test_no_job_is_lost_or_doubled_when_redis_is_flushed() -> None:
    with passable_folder() as folder:
        outcome = flush_storm.run(jobs=60, flushes=6, every=0.5, folder=folder)
    assert outcome.holds, outcome
    assert outcome.flushes == 6


def test_a_lost_and_a_doubled_job_would_be_seen() -> None:
    assert Outcome(2, 1, 2, 2, 0, 1.0).holds
    assert not Outcome(2, 1, 1, 1, 1, 1.0).holds
    assert not Outcome(2, 1, 3, 2, 0, 1.0).holds
