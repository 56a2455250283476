"""Setting a pass mark: a panel rates, the worker sums up, a second person adopts. Nothing past changes."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from exams.models import (
    Exam,
    Form,
    FormCut,
    JobName,
    StandardJudge,
    StandardRating,
    StandardStudy,
    StudyState,
)
from exams.queries import attempts as attempt_queries
from exams.queries import standards as queries
from portal import audit
from portal.db import lock
from portal.errors import Conflict, Forbidden, Invalid
from portal.ids import random_id
from portal.jobs import enqueue

FEWEST_JUDGES = 2


def cut_of(session: Session, exam: Exam, form_id: int) -> float:
    """The pass mark of an attempt that begins now: the form's own, or the exam's until one is set."""
    found = session.scalar(queries.newest_cut(form_id))
    return exam.cut if found is None else found.cut


def open_study(
    session: Session,
    exam: Exam,
    form: Form,
    *,
    borderline: str,
    judges: Sequence[int],
    by: int,
    now: datetime,
) -> StandardStudy:
    """Call a panel together. Raises `Conflict` while one is at work on the form."""
    if not borderline.strip():
        raise Invalid("Describe who just passes: all judges need the same person before them.")
    if len(set(judges)) < FEWEST_JUDGES:
        raise Invalid("A panel has at least two judges.")
    allowed = {one.id for one in session.scalars(queries.possible_judges(exam))}
    if not allowed.issuperset(judges):
        raise Invalid("A judge reviews or manages this exam and has not sat it.")
    made = session.scalar(
        insert(StandardStudy)
        .values(
            public_id=random_id(),
            form_id=form.id,
            borderline=borderline.strip(),
            opened_by_id=by,
            opened_at=now,
            state=StudyState.RATING,
            round=1,
        )
        .on_conflict_do_nothing()
        .returning(StandardStudy.id)
    )
    if made is None:
        raise Conflict("A panel is at work on this form already.")
    session.add_all(StandardJudge(made, judge) for judge in sorted(set(judges)))
    study = session.get_one(StandardStudy, made)
    _note(session, study, "opened", actor=by, now=now)
    return study


def rate(
    session: Session,
    study: StandardStudy,
    *,
    judge: int,
    position: int,
    share: float,
    now: datetime,
) -> None:
    """Keep one judge's rating of one question; until the round is handed in it may be changed."""
    lock(session, study)
    _still_rating(_seat(session, study, judge), study)
    places = {one.position for one in session.scalars(queries.rated_questions(study.form_id))}
    if position not in places:
        raise Invalid("This question does not count, so it is not rated.")
    if not 0 <= share <= 1:
        raise Invalid("Of 100 people, between 0 and 100 get it right.")
    written = insert(StandardRating).values(
        study_id=study.id,
        round=study.round,
        account_id=judge,
        position=position,
        share=share,
        rated_at=now,
    )
    session.execute(
        written.on_conflict_do_update(
            index_elements=["study_id", "round", "account_id", "position"],
            set_={"share": share, "rated_at": now},
        )
    )


def hand_in(session: Session, study: StandardStudy, *, judge: int, now: datetime) -> None:
    """End the round for one judge; the last one has it summed up.

    Raises `Conflict` while a question is not rated.
    """
    lock(session, study)
    seat = _seat(session, study, judge)
    _still_rating(seat, study)
    given = session.scalar(
        sa.select(sa.func.count()).select_from(
            queries.ratings_of(study, study.round, judge).subquery()
        )
    )
    missing = len(session.scalars(queries.rated_questions(study.form_id)).all()) - (given or 0)
    if missing:
        raise Conflict("Rate every question before you hand the round in.")
    seat.handed_in = study.round
    session.flush()
    _note(session, study, "round_handed_in", actor=judge, now=now)
    if not session.scalar(_still_out(study)):
        enqueue(session, JobName.STANDARD_ROUND, study.id, now=now)


def again(session: Session, study: StandardStudy, *, by: int, now: datetime) -> None:
    """Another round: the judges see how the others rated, and rate once more."""
    lock(session, study).again()
    _note(session, study, "round_opened", actor=by, now=now)


def adopt(
    session: Session, study: StandardStudy, *, by: int, reason: str, now: datetime
) -> FormCut:
    """Set the panel's cut on the form, in all its languages, for attempts that begin from now on.

    Attempts keep the cut they began with, so no result changes. Raises `Forbidden` for who called the
    panel together: a second person decides.
    """
    lock(session, study)
    if by == study.opened_by_id:
        raise Forbidden("A second person sets the pass mark, who did not call the panel together.")
    if not reason.strip():
        raise Invalid("Say why this cut: whoever asks later reads it.")
    result = study.result
    study.adopt(now=now)
    if result is None or not 0 < result["cut"] <= 1:
        raise Conflict("A pass mark of nothing parts nobody from anybody.")
    form = session.get_one(Form, study.form_id)
    alike = sa.select(Form).where(
        Form.exam_id == form.exam_id, Form.number == form.number, Form.design_id.is_(None)
    )
    cuts = {
        one.id: FormCut(
            form_id=one.id,
            number=_next_number(session, one.id),
            cut=result["cut"],
            standard_error=result["standard_error"],
            judges=result["judges"],
            rounds=study.round,
            study_id=study.id,
            opened_by_id=study.opened_by_id,
            adopted_by_id=by,
            reason=reason.strip(),
            adopted_at=now,
        )
        for one in session.scalars(alike.order_by(Form.id))
    }
    session.add_all(cuts.values())
    enqueue(session, JobName.CUT_QUALITY, form.id, now=now)
    _note(session, study, "adopted", actor=by, now=now)
    return cuts[form.id]


def drop(session: Session, study: StandardStudy, *, by: int, now: datetime) -> None:
    """Leave the pass mark as it is."""
    lock(session, study).drop(now=now)
    _note(session, study, "dropped", actor=by, now=now)


def sat(session: Session, exam_id: int, account_id: int) -> bool:
    """Whether somebody has sat the exam, and so does not judge it."""
    return session.scalar(attempt_queries.at_exam(account_id, exam_id).limit(1)) is not None


def _seat(session: Session, study: StandardStudy, judge: int) -> StandardJudge:
    found = session.get(StandardJudge, (study.id, judge))
    if found is None:
        raise Forbidden("You are not on this panel.")
    form = session.get_one(Form, study.form_id)
    if sat(session, form.exam_id, judge):
        raise Forbidden("You have sat this exam yourself, so somebody else judges it.")
    return found


def _still_rating(seat: StandardJudge, study: StandardStudy) -> None:
    if study.state is not StudyState.RATING:
        raise Conflict("No round is open.")
    if seat.handed_in >= study.round:
        raise Conflict("You have handed this round in.")


def _still_out(study: StandardStudy) -> sa.Select[bool]:
    return sa.select(
        sa.exists().where(StandardJudge.study_id == study.id, StandardJudge.handed_in < study.round)
    )


def _next_number(session: Session, form_id: int) -> int:
    found = session.scalar(queries.newest_cut(form_id))
    return 1 if found is None else found.number + 1


def _note(session: Session, study: StandardStudy, verb: str, *, actor: int, now: datetime) -> None:
    subject = ("standard_study", study.id)
    audit.record(session, actor=actor, action=f"standard.{verb}", subject=subject, now=now)
