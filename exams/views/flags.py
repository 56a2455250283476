"""What is worth a look in answers and times: the queue, one flag, and what a person made of it."""

from typing import Final
from uuid import UUID

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from exams.models import AnswerFlag, Attempt, Exam, FlagState
from exams.queries import flags as queries
from exams.service import flags as service
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction

bp = Blueprint("exam_flags", __name__, url_prefix="/exams/flags", template_folder="../templates")

_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)
_MOST: Final = 100


class SettleForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """What a person made of it."""

    outcome = RadioField(
        lazy_gettext("What came of it?"),
        [InputRequired(lazy_gettext("Choose what came of it"))],
        choices=[
            SelectChoice(FlagState.EXPLAINED.value, lazy_gettext("There is nothing to it")),
            SelectChoice(
                FlagState.TAKEN_UP.value, lazy_gettext("I talk to the people concerned first")
            ),
        ],
    )
    words = TextAreaField(
        lazy_gettext("What did you find?"),
        [InputRequired(lazy_gettext("Say what you found")), Length(max=2000)],
        render_kw={"rows": 4},
    )


@bp.get("")
@requires(*_PEOPLE)
def queue() -> str:
    """What waits for a person, and what was settled."""
    me = person().account_id
    with reading() as session:
        waiting = session.scalars(queries.open_for(me).limit(_MOST)).all()
        settled = session.scalars(queries.settled_for(me).limit(20)).all()
        return render_template(
            "exams/flags.html",
            waiting=waiting,
            settled=settled,
            titles=_titles(session, [*waiting, *settled]),
        )


@bp.get("/<uuid:public_id>")
@requires(*_PEOPLE)
def show(public_id: UUID) -> str:
    """One flag with its base rate. Nothing on the page names anybody."""
    with reading() as session:
        return _page(session, _flag(session, public_id), SettleForm())


@bp.post("/<uuid:public_id>")
@requires(*_PEOPLE)
def settle(public_id: UUID) -> Response | tuple[str, int]:
    """Record what came of it."""
    with transaction() as session:
        found, form = _flag(session, public_id), SettleForm()
        if not form.validate():
            return _page(session, found, form), 422
        service.settle(
            session,
            found,
            outcome=FlagState(form.outcome.data),
            words=form.words.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("Recorded. Nothing else follows from it."), "good")
    return redirect(url_for("exam_flags.queue"), 303)


def _flag(session: Session, public_id: UUID) -> AnswerFlag:
    mine = queries.flags_for(person().account_id).where(AnswerFlag.public_id == public_id)
    return one_or_404(session, mine)


def _titles(session: Session, flags: list[AnswerFlag]) -> dict[int, str]:
    """The exam of each flag's attempt."""
    asked = {one.attempt_id for one in flags}
    found = (
        sa.select(Attempt.id, Exam.title)
        .join(Exam, Exam.id == Attempt.exam_id)
        .where(Attempt.id.in_(asked))
    )
    return dict(session.execute(found).all())


def _page(session: Session, flag: AnswerFlag, form: SettleForm) -> str:
    ids = [one for one in (flag.attempt_id, flag.other_attempt_id) if one is not None]
    attempts = sa.select(Attempt).where(Attempt.id.in_(ids)).order_by(Attempt.started_at)
    found = session.scalars(attempts).all()
    settled_by = session.get_one(Account, flag.settled_by_id) if flag.settled_by_id else None
    return render_template(
        "exams/flag.html",
        flag=flag,
        exam=session.get_one(Exam, found[0].exam_id),
        attempts=found,
        settled_by=settled_by,
        form=form,
    )
