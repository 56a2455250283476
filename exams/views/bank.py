"""The question bank: what is in it, each question with its versions, and the second person's review."""

from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from exams.bank_forms import EnemyForm, MoveForm, moves
from exams.models import (
    Exam,
    KeyStanding,
    Question,
    QuestionState,
    QuestionType,
    QuestionVersion,
    Standing,
)
from exams.queries import attempts as attempt_queries
from exams.queries import bank as queries
from exams.queries import reach
from exams.questions import KINDS
from exams.service import approval
from exams.views.questions import inline, laid_out, stimulus_of
from portal import clock
from portal.access import Role, person, requires
from portal.accounts.models import Account
from portal.db import one_or_404, reading, transaction
from portal.errors import Conflict

bp = Blueprint(
    "exam_bank", __name__, url_prefix="/exams/manage/<slug>/bank", template_folder="../templates"
)

_PEOPLE: Final = (Role.MANAGER, Role.REVIEWER)


@bp.get("")
@requires(*_PEOPLE)
def overview(slug: str) -> str:
    """Every question of an exam, with where its newest version stands."""
    with reading() as session:
        exam = _exam(session, slug)
        wanted = {name: request.args.get(name, "") for name in ("state", "area", "type")}
        every = session.execute(queries.newest_of_exam(exam.id)).all()
        rows = [
            (question, version, standing)
            for question, version, standing in every
            if wanted["state"] in {"", standing.state.value}
            and wanted["area"] in {"", version.area}
            and wanted["type"] in {"", version.type.value}
        ]
        return render_template(
            "exams/bank.html",
            exam=exam,
            rows=rows,
            total=len(every),
            may_manage=Role.MANAGER in person().roles,
            waiting=sum(standing.state is QuestionState.REVIEW for _q, _v, standing in every),
            wanted=wanted,
            states=list(QuestionState),
            types=list(QuestionType),
            areas={area["slug"]: area["title"] for area in exam.areas},
        )


@bp.get("/<question>")
@requires(*_PEOPLE)
def show(slug: str, question: str) -> str:
    """One question: its versions in every language, and whom it may not stand beside."""
    return _question_page(slug, question, EnemyForm())


@bp.post("/<question>/enemies")
@requires(*_PEOPLE)
def name_enemy(slug: str, question: str) -> Response | tuple[str, int]:
    """Say that another question may not stand on the same form."""
    form = EnemyForm()
    if not form.validate():
        return _question_page(slug, question, form), 422
    with transaction() as session:
        exam = _exam(session, slug)
        approval.name_enemies(
            session,
            _question(session, exam, question),
            _question(session, exam, form.other.data.strip()),
            reason=form.reason.data,
            by=person().account_id,
            now=clock.now(session),
        )
    flash(_("From now on they never stand on one form."), "good")
    return redirect(url_for("exam_bank.show", slug=slug, question=question), 303)


@bp.get("/<question>/<locale>/<int:number>")
@requires(*_PEOPLE)
def version(slug: str, question: str, locale: str, number: int) -> str:
    """One version as applicants see it, its history, and what may happen to it next."""
    return _version_page(slug, question, locale, number, None)


@bp.post("/<question>/<locale>/<int:number>")
@requires(*_PEOPLE)
def move(slug: str, question: str, locale: str, number: int) -> Response | tuple[str, int]:
    """Bring a version one step on, or back."""
    with transaction() as session:
        exam = _exam(session, slug)
        found, standing = _version(session, exam, question, locale, number)
        key = _waiting_key(session, standing)
        form = _form(standing, key)
        if form is None:
            raise Conflict(_("Nothing is to be decided about this version."))
        complete = form.validate()
        if complete:
            _move(session, standing, key, form)
    if not complete:
        return _version_page(slug, question, locale, number, form), 422
    flash(_("Recorded."), "good")
    address = url_for(
        "exam_bank.version", slug=slug, question=question, locale=locale, number=found.number
    )
    return redirect(address, 303)


def _move(session: Session, standing: Standing, key: KeyStanding | None, form: MoveForm) -> None:
    by, now, words = person().account_id, clock.now(session), form.words.data or ""
    match form.verb.data:
        case "submit":
            approval.submit(session, standing, by=by, now=now)
        case "send_back":
            approval.send_back(session, standing, by=by, words=words, now=now)
        case "promote":
            approval.promote(session, standing, by=by, now=now)
        case "retire":
            approval.retire(session, standing, by=by, words=words, now=now)
        case "key" if key is not None:
            approval.approve_key(session, key, by=by, now=now)
        case verb:
            state = QuestionState(verb)
            approval.approve(session, standing, by=by, state=state, words=words, now=now)


def _question_page(slug: str, name: str, form: EnemyForm) -> str:
    with reading() as session:
        exam = _exam(session, slug)
        question = _question(session, exam, name)
        versions = session.execute(queries.versions_of(question.id)).all()
        people = [who for _v, s in versions for who in (s.author_id, s.approver_id)]
        return render_template(
            "exams/bank_question.html",
            exam=exam,
            question=question,
            versions=versions,
            names=_names(session, people),
            enemies=session.execute(queries.enemies_of(question.id)).all(),
            form=form,
        )


def _version_page(slug: str, name: str, locale: str, number: int, form: MoveForm | None) -> str:
    with reading() as session:
        exam = _exam(session, slug)
        found, standing = _version(session, exam, name, locale, number)
        key = _waiting_key(session, standing)
        proposed = queries.proposed_keys(session, found.id)
        secret = proposed[0] if proposed else None
        history = list(session.scalars(queries.history(found.id)))
        shown = secret.key if secret else None
        return render_template(
            "exams/bank_version.html",
            exam=exam,
            name=name,
            version=found,
            standing=standing,
            page=laid_out(found, None, seed=0, position=1, stimulus=stimulus_of(session, found)),
            inline=inline,
            proposed=secret,
            lines=KINDS[found.type].review(found.content, shown, None),
            rubric=(shown or {}).get("bands", {}),
            history=history,
            names=_names(session, [one.by_id for one in history]),
            mine=standing.author_id == person().account_id,
            form=form or _form(standing, key),
            areas={area["slug"]: area["title"] for area in exam.areas},
        )


def _form(standing: Standing, key: KeyStanding | None) -> MoveForm | None:
    """What the person may do with the version now; None where there is nothing."""
    me = person().account_id
    key_is_mine = key is not None and key.author_id == me
    possible = moves(
        standing.state,
        mine=standing.author_id == me,
        key_waits=key is not None and not key_is_mine,
    )
    if not possible:
        return None
    form = MoveForm()
    form.verb.choices = possible
    return form


def _waiting_key(session: Session, standing: Standing) -> KeyStanding | None:
    """A corrected key that a second person has not seen yet."""
    newest = session.scalar(queries.keys_of(standing.question_version_id).limit(1))
    counts = newest is None or newest.approved_at is not None or newest.before_approvals
    return None if counts else newest


def _exam(session: Session, slug: str) -> Exam:
    mine = reach.exams_for(person().account_id)
    return one_or_404(session, attempt_queries.exam_by_slug(slug).where(mine))


def _question(session: Session, exam: Exam, name: str) -> Question:
    query = sa.select(Question).where(Question.exam_id == exam.id, Question.slug == name)
    return one_or_404(session, query)


def _version(
    session: Session, exam: Exam, name: str, locale: str, number: int
) -> tuple[QuestionVersion, Standing]:
    question = _question(session, exam, name)
    query = sa.select(QuestionVersion).where(
        QuestionVersion.question_id == question.id,
        QuestionVersion.locale == locale,
        QuestionVersion.number == number,
    )
    found = one_or_404(session, query)
    return found, session.get_one(Standing, found.id)


def _names(session: Session, ids: list[Any]) -> dict[int, str]:
    query = sa.select(Account.id, Account.display_name).where(Account.id.in_({i for i in ids if i}))
    return dict(session.execute(query).all())
