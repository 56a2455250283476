"""What is filled in about questions in the bank: a step on or back, and an enemy."""

from typing import Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from exams.models import QuestionState

_NEEDS_WORDS: Final = {"send_back", "retire"}
_WORDS: Final = {
    "submit": _("Ask a second person to read it"),
    "live": _("Take it into use, scored"),
    "pilot": _("Take it into use on trial, not scored"),
    "send_back": _("Send it back: something is to change"),
    "promote": _("End the trial: score it from the next form on"),
    "key": _("The corrected key is right: score by it"),
    "retire": _("Retire it: nobody new gets it"),
}


class MoveForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """One step of a version; the choices are those that its state allows."""

    verb = RadioField(_("What happens to it?"), [InputRequired(_("Choose what happens"))])
    words = TextAreaField(_("Why?"), [Length(max=2000, message=_("Use at most 2,000 characters"))])

    def validate_words(self, field: TextAreaField) -> None:
        """Sending back and retiring are explained."""
        if self.verb.data in _NEEDS_WORDS and not (field.data or "").strip():
            raise ValidationError(_("Say why: whoever wrote it reads this"))


class EnemyForm(FlaskForm):  # type: ignore[misc]
    """Another question that may not stand on the same form."""

    other = StringField(
        _("Short name of the other question"), [InputRequired(_("Write its short name"))]
    )
    reason = StringField(
        _("Why may they not stand together?"),
        [InputRequired(_("Say why")), Length(max=500, message=_("Use at most 500 characters"))],
    )


def moves(state: QuestionState, *, mine: bool, key_waits: bool) -> list[SelectChoice]:
    """What may happen to a version. Its author never approves it."""
    possible: list[str] = {
        QuestionState.DRAFT: ["submit", "retire"],
        QuestionState.REVIEW: ["send_back"] if mine else ["live", "pilot", "send_back"],
        QuestionState.PILOT: ["promote", "retire"],
        QuestionState.LIVE: ["retire"],
        QuestionState.RETIRED: [],
    }[state]
    if key_waits and state in {QuestionState.PILOT, QuestionState.LIVE}:
        possible = ["key", *possible]
    return [SelectChoice(verb, _WORDS[verb]) for verb in possible]
