"""What is filled in on the way: the screening questions, and what a person of ours decides."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, ValidationError

from exams.service import screening
from portal.errors import Invalid

MOST_WORDS: Final = 4000
_TOO_LONG: Final = _("Use at most 4,000 characters")


class AgreementForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Accepting what was read."""

    accept = BooleanField(
        _("I have read this and accept it"), [InputRequired(_("Read and accept it to go on"))]
    )


class VerdictForm(FlaskForm):  # type: ignore[misc]
    """What a person of ours decides about an application or a result."""

    verdict = RadioField(
        _("What do you decide?"),
        [InputRequired(_("Choose what you decide"))],
        choices=[
            SelectChoice("for", _("In favour: they go on")),
            SelectChoice("against", _("Not accepted this time")),
        ],
    )
    reason = TextAreaField(
        _("Why?"),
        [
            InputRequired(_("Say why, in words for the person")),
            Length(max=MOST_WORDS, message=_TOO_LONG),
        ],
    )


def screening_form(requirements: Sequence[dict[str, Any]]) -> FlaskForm:
    """A form with one question for each requirement, and room to explain."""
    fields: dict[str, Any] = {rule["slug"]: _field(rule) for rule in requirements}
    fields["explanation"] = TextAreaField(
        _("Is something not met? Say in a few words why you apply all the same"),
        [Optional(), Length(max=MOST_WORDS, message=_TOO_LONG)],
    )
    return type("ScreeningForm", (FlaskForm,), fields)()


def answers(form: FlaskForm, requirements: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What was filled in, in the requirements' own terms."""
    return {
        rule["slug"]: screening.read(rule, form[rule["slug"]].data or "") for rule in requirements
    }


def _field(rule: dict[str, Any]) -> StringField | SelectField:
    needed = InputRequired(_("Answer this question; no answer is wrong"))
    if rule["kind"] == "english":
        levels = [SelectChoice("", _("Choose a level"))]
        levels += [SelectChoice(level, level) for level in rule["scale"]]
        return SelectField(rule["ask"], [needed], choices=levels)
    hints = {"years": {"inputmode": "numeric"}, "languages": {}}
    return StringField(rule["ask"], [needed, _checked(rule)], render_kw=hints[rule["kind"]])


def _checked(rule: dict[str, Any]) -> Callable[[FlaskForm, StringField], None]:
    def check(_form: FlaskForm, field: StringField) -> None:
        try:
            screening.read(rule, field.data or "")
        except Invalid as error:
            raise ValidationError(error.message) from error

    return check
