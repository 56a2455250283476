"""Which tasks are probes follows from a seed that an expert can neither know nor compute."""

from datetime import datetime

from sqlalchemy.orm import Session

from tasks.service import claim
from tests.make import Make


def test_the_same_person_in_the_same_pool_gets_another_seed_each_time(
    session: Session, make: Make, now: datetime
) -> None:
    expert, project = make.expert(), make.project()
    seeds, pseudonyms = set(), set()
    for _ in range(3):
        place = make.enrolment(project=project, expert=expert)
        seeds.add(place.probe_seed)
        pseudonyms.add(place.pseudonym)
        session.delete(place)
        session.flush()
    assert (len(seeds), len(pseudonyms)) == (3, 3)
    assert claim.enrol(session, expert_id=expert.id, pool=make.pool(project), now=now)
