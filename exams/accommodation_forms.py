"""What is filled in about more time and breaks: by the person, and by compliance."""

from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import EmailField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from exams.service.accommodations import Allowance

MOST_WORDS: Final = 4000
_TOO_LONG: Final = _("Use at most 4,000 characters")
_TIMES: Final = (
    SelectChoice("1", _("The usual time")),
    SelectChoice("1.25", _("A quarter more time")),
    SelectChoice("1.5", _("Half as much time again")),
    SelectChoice("2", _("Twice the time")),
    SelectChoice("untimed", _("No time limit")),
)
_BREAKS: Final = (
    SelectChoice("0", _("No break")),
    SelectChoice("10", _("10 minutes in all")),
    SelectChoice("20", _("20 minutes in all")),
    SelectChoice("30", _("30 minutes in all")),
    SelectChoice("60", _("60 minutes in all")),
)


class _AllowanceForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    time = RadioField(
        _("How much time?"), [InputRequired(_("Choose a time"))], choices=list(_TIMES), default="1"
    )
    breaks = SelectField(
        _("Breaks at any question, with the clock standing still"),
        choices=list(_BREAKS),
        default="0",
    )

    def wanted(self) -> Allowance:
        """What was chosen."""
        untimed = self.time.data == "untimed"
        factor = 1.0 if untimed else float(self.time.data)
        return Allowance(factor, untimed, int(self.breaks.data))


class AskForm(_AllowanceForm):
    """A person asks."""

    words = TextAreaField(
        _("What would help, and why? Needed only for breaks, twice the time or no limit"),
        [Optional(), Length(max=MOST_WORDS, message=_TOO_LONG)],
        render_kw={"rows": 4},
    )


class GrantForm(_AllowanceForm):
    """Compliance arranges it for somebody who asked in another way."""

    email = EmailField(
        _("Whose account?"), [InputRequired(_("Write the account's e-mail address"))]
    )


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """Compliance answers."""

    verdict = RadioField(
        _("What do you decide?"),
        [InputRequired(_("Choose what you decide"))],
        choices=[
            SelectChoice("for", _("Arrange it as asked")),
            SelectChoice("against", _("Not this time")),
        ],
    )
    reason = TextAreaField(
        _("Why? The person reads this if it is not arranged"),
        [Optional(), Length(max=MOST_WORDS, message=_TOO_LONG)],
    )

    def validate(self, extra_validators: Any = None) -> bool:  # noqa: ANN401  wtforms' own
        """A refusal needs its reason."""
        sound = bool(super().validate(extra_validators))
        if self.verdict.data == "against" and not (self.reason.data or "").strip():
            self.reason.errors = [_("Say why, in words for the person")]
            return False
        return sound


class ReadForm(FlaskForm):  # type: ignore[misc]
    """Why somebody's words are read."""

    why = TextAreaField(
        _("Why do you read what they wrote?"),
        [InputRequired(_("Say why you read it")), Length(max=500)],
        render_kw={"rows": 2},
    )
