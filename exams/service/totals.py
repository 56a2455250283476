"""What an attempt's points come to: their sum on a fixed form, an estimate where the form adapted."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from exams.models import Attempt
from exams.service import adaptive, scoring, voids
from exams.service.scoring import Points, Result


def credited(
    session: Session,
    attempt: Attempt,
    points: Sequence[Points],
    *,
    besides: frozenset[int] = frozenset(),
) -> list[Points]:
    """The points after voids: full marks on a fixed form; left out where ability is estimated."""
    if attempt.design_id is None:
        return voids.credited(session, points, besides=besides)
    return voids.left_out(session, points, besides=besides)


def result(session: Session, attempt: Attempt, points: Sequence[Points]) -> Result:
    """The attempt's score from its points."""
    if attempt.design_id is None:
        return scoring.result(points, cut=attempt.cut)
    return adaptive.result(session, attempt, points)
