"""A small storm in every run; the whole one is `python -m tests.tasks.claim_storm`."""

from tests.conftest import Database
from tests.tasks.claim_storm import storm, without_enrolment_lock


def test_everyone_at_once_gets_every_slot_exactly_once(fresh_database: Database) -> None:
    outcome = storm(experts=4, tabs=2, tasks=12, overlap=3)
    assert outcome.right(36), outcome


def test_without_the_enrolment_lock_the_storm_is_red(fresh_database: Database) -> None:
    with without_enrolment_lock():
        outcome = storm(experts=4, tabs=3, tasks=40, overlap=3)
    assert not outcome.right(120), outcome
