"""What is filled in about an identity check."""

from typing import Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, ValidationError

from portal.identity.models import EvidenceKind, ViewReason

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
            SelectChoice("papers", _("Ask to be shown the document: two of us then decide")),
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


class OpinionForm(FlaskForm):  # type: ignore[misc]
    """What one of two people says, who decide without Stripe."""

    verdict = RadioField(
        _("What do you think?"),
        [InputRequired(_("Choose what you think"))],
        choices=[
            SelectChoice("accept", _("Accept: the person is who they say")),
            SelectChoice("again", _("Ask the person for something else")),
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


class EvidenceForm(FlaskForm):  # type: ignore[misc]
    """One thing that the person shows us."""

    text = HiddenField(validators=[InputRequired()])
    kind = RadioField(
        _("What is it?"),
        [InputRequired(_("Choose what it is"))],
        choices=[
            SelectChoice(EvidenceKind.DOCUMENT_FRONT, _("The front of my document")),
            SelectChoice(EvidenceKind.DOCUMENT_BACK, _("The back of my document")),
            SelectChoice(EvidenceKind.PORTRAIT, _("My face beside the document")),
            SelectChoice(EvidenceKind.OTHER, _("Something else that shows who I am")),
            SelectChoice(EvidenceKind.WORDS, _("No photo: I write to you instead")),
        ],
    )
    photo = FileField(_("Photo"), render_kw={"accept": "image/jpeg,image/png"})
    words = TextAreaField(_("What you want to say"), [Length(max=MOST_WORDS, message=_TOO_LONG)])
    consent = BooleanField(
        _("I agree that two of your people look at it as described here"),
        [InputRequired(_("Agree first; otherwise we may not take it"))],
    )

    def validate_photo(self, field: FileField) -> None:
        """A photo belongs to every kind but words."""
        if self.kind.data not in {None, EvidenceKind.WORDS} and not field.data:
            raise ValidationError(_("Choose a photo"))

    def validate_words(self, field: TextAreaField) -> None:
        """Words belong to their kind."""
        if self.kind.data == EvidenceKind.WORDS and not (field.data or "").strip():
            raise ValidationError(_("Write what you want to say"))

    @property
    def content(self) -> bytes:
        """What was handed in."""
        if self.kind.data == EvidenceKind.WORDS:
            return str(self.words.data).strip().encode()
        read: bytes = self.photo.data.read()
        return read


class ViewForm(FlaskForm):  # type: ignore[misc]
    """What somebody looks at, and why."""

    item = RadioField(
        _("What do you look at?"), [InputRequired(_("Choose one"))], validate_choice=False
    )
    reason = SelectField(
        _("Why do you look?"),
        [InputRequired(_("Choose why you look"))],
        choices=[
            SelectChoice(ViewReason.DECIDE, _("To say what I think of this case")),
            SelectChoice(ViewReason.APPEAL, _("To answer an appeal")),
            SelectChoice(ViewReason.SUBJECT, _("The person asked us to")),
            SelectChoice(ViewReason.ORDER, _("An authority may demand it")),
        ],
        id="look-reason",  # the decision on the same page has a reason too
    )
    note = StringField(
        _("In a few words"),
        [InputRequired(_("Say what you look for")), Length(max=200)],
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
