"""What was measured of forms and their questions."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exams.models import FormCalibration, ItemCalibration


def newest_calibration(session: Session, form_id: int) -> FormCalibration | None:
    """The last look at a form; None before the first."""
    query = sa.select(FormCalibration).where(FormCalibration.form_id == form_id)
    return session.scalar(query.order_by(FormCalibration.id.desc()).limit(1))


def questions_of(session: Session, calibration: FormCalibration) -> dict[int, ItemCalibration]:
    """Its questions by position."""
    query = sa.select(ItemCalibration).where(ItemCalibration.calibration_id == calibration.id)
    return {one.position: one for one in session.scalars(query)}
