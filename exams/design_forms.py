"""What a manager fills in about an adaptive design."""

from decimal import Decimal
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DecimalField, IntegerField, RadioField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

from exams.models import Exam

_NEVER: Final = "never"
_NUMBER: Final = _("Write a number")


_DECIDE: Final = [
    SelectChoice("sprt", _("Yes, by the sequential probability ratio (Wald)")),
    SelectChoice("glr", _("Yes, by the generalised likelihood ratio: shorter tests")),
    SelectChoice("bayes", _("Yes, by the odds of being above the pass mark")),
    SelectChoice(_NEVER, _("No, measure everybody equally well")),
]
_CRITERION: Final = [
    SelectChoice("maximum information", _("The one that tells most")),
    SelectChoice("randomesque", _("One of the five that tell most, by lot")),
    SelectChoice("progressive", _("By lot at first, the one that tells most at the end")),
]


def design_form(exam: Exam) -> FlaskForm:
    """A form with a least and a most for every area."""
    fields: dict[str, Any] = {
        "shortest": _needed(_("Questions in each test, at least"), 5, 200, 15),
        "longest": _needed(_("Questions in each test, at most"), 5, 200, 40),
        "standard_error": DecimalField(
            _("End once the margin of the ability is no more than"),
            [Optional(), NumberRange(Decimal("0.1"), 1, _("Write a number from 0.1 to 1"))],
            default=Decimal("0.35"),
        ),
        "decide": _one_of(
            _("End once it is sure on which side of the pass mark somebody is?"), _DECIDE
        ),
        "ceiling": _needed(
            _("Tests of a hundred in which a question may come, at most"), 5, 100, 25
        ),
        "criterion": _one_of(_("Which question comes next?"), _CRITERION),
    }
    for area in exam.areas:
        for end, words in (("least", _("at least")), ("most", _("at most"))):
            label = f"{area['title']}, {words}"
            limits = [Optional(), NumberRange(0, 200, _NUMBER)]
            fields[_name(area["slug"], end)] = IntegerField(label, limits)
    fields["validate_longest"] = _in_order
    return type("DesignForm", (FlaskForm,), fields)()


def _one_of(words: str, choices: list[SelectChoice]) -> RadioField:
    needed = [InputRequired(_("Choose one"))]
    return RadioField(words, needed, choices=choices, default=choices[0].value)


def document(form: FlaskForm, exam: Exam) -> dict[str, Any]:
    """The rules that were filled in."""
    areas = []
    for area in exam.areas:
        least = form[_name(area["slug"], "least")].data
        most = form[_name(area["slug"], "most")].data
        if least is not None or most is not None:
            areas.append({"area": area["slug"], "least": least or 0, "most": most})
    error = form.standard_error.data
    return {
        "shortest": form.shortest.data,
        "longest": form.longest.data,
        "standard_error": None if error is None else float(error),
        "decide": None if form.decide.data == _NEVER else form.decide.data,
        "ceiling": form.ceiling.data / 100,
        "criterion": form.criterion.data,
        "areas": areas,
    }


def _needed(words: str, least: int, most: int, usual: int) -> IntegerField:
    limits = [InputRequired(_NUMBER), NumberRange(least, most, _NUMBER)]
    return IntegerField(words, limits, default=usual)


def _name(slug: str, end: str) -> str:
    return f"area_{slug.replace('-', '_')}_{end}"


def _in_order(form: FlaskForm, field: IntegerField) -> None:
    least = form.shortest.data
    if least is not None and field.data is not None and field.data < least:
        raise ValidationError(_("The longest test cannot be shorter than the shortest"))
    if form.standard_error.data is None and form.decide.data == _NEVER and field.data != least:
        raise ValidationError(
            _("Nothing would end a test before this. Name a margin, or say yes to the pass mark.")
        )
