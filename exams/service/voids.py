"""Questions that count for nobody: whoever saw one gets its points, so that nobody loses by it."""

from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import QuestionVoid
from exams.service.scoring import Points


def of(session: Session, version_ids: Sequence[int]) -> frozenset[int]:
    """Those of the versions that count for nobody."""
    known = sa.select(QuestionVoid.question_version_id)
    return frozenset(
        session.scalars(known.where(QuestionVoid.question_version_id.in_(version_ids)))
    )


def credited(
    session: Session, points: Sequence[Points], *, besides: frozenset[int] = frozenset()
) -> list[Points]:
    """The points with full marks for every voided version, and for those `besides`."""
    voided = besides | of(session, [one.version_id for one in points])
    return [
        replace(one, earned=float(one.possible)) if one.version_id in voided else one
        for one in points
    ]


def left_out(
    session: Session, points: Sequence[Points], *, besides: frozenset[int] = frozenset()
) -> list[Points]:
    """The points without what is void: of an estimate, a question that means nothing is no part."""
    voided = besides | of(session, [one.version_id for one in points])
    return [replace(one, scored=one.scored and one.version_id not in voided) for one in points]
