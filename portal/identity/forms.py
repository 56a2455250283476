"""What is filled in about an identity check."""

from typing import Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

MOST_WORDS: Final = 4000
_TOO_LONG: Final = _("Use at most 4,000 characters")


class ConsentForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Agreeing before anything is sent, to the text that was shown."""

    text = HiddenField(validators=[InputRequired()])

    consent = BooleanField(
        _("I agree that Stripe checks my identity as described here"),
        [InputRequired(_("Agree first, or ask for a person instead"))],
    )


class DecisionForm(FlaskForm):  # type: ignore[misc]
    """What a person of ours decides about a case."""

    verdict = RadioField(
        _("What do you decide?"),
        [InputRequired(_("Choose what you decide"))],
        choices=[
            SelectChoice("accept", _("Accept: the person is who they say")),
            SelectChoice("again", _("Ask the person to try again")),
            SelectChoice("refuse", _("Not accepted this time")),
        ],
    )
    reason = TextAreaField(
        _("Why?"),
        [
            InputRequired(_("Say why, in words for the person")),
            Length(max=MOST_WORDS, message=_TOO_LONG),
        ],
    )


class AppealForm(FlaskForm):  # type: ignore[misc]
    """Contesting a decision."""

    words = TextAreaField(
        _("What should the second person know?"),
        [
            InputRequired(_("Say what we should look at again")),
            Length(max=MOST_WORDS, message=_TOO_LONG),
        ],
    )


class AnswerForm(FlaskForm):  # type: ignore[misc]
    """Answering an appeal."""

    verdict = RadioField(
        _("Your answer"),
        [InputRequired(_("Choose your answer"))],
        choices=[
            SelectChoice("uphold", _("Uphold: the person is verified after all")),
            SelectChoice("dismiss", _("Keep the decision")),
        ],
    )
    words = TextAreaField(
        _("Why?"),
        [
            InputRequired(_("Say why, in words for the person")),
            Length(max=MOST_WORDS, message=_TOO_LONG),
        ],
    )
