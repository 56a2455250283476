"""What a grader fills in: a band for every criterion, and words."""

from collections.abc import Sequence
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

MOST_WORDS: Final = 2000


def grading_form(rubric: Sequence[dict[str, Any]], *, adjudicates: bool) -> FlaskForm:
    """A form with a list of bands for each criterion, the lowest first."""
    fields: dict[str, Any] = {
        f"band_{place}": RadioField(
            criterion["title"],
            [InputRequired(_("Choose a band"))],
            choices=[
                SelectChoice(str(number), f"{number} · {band['text']}")
                for number, band in enumerate(criterion["bands"])
            ],
        )
        for place, criterion in enumerate(rubric)
    }
    limit = Length(max=MOST_WORDS, message=_("Use at most 2,000 characters"))
    fields["comment"] = (
        TextAreaField(_("What decided it?"), [InputRequired(_("Say what decided it")), limit])
        if adjudicates
        else TextAreaField(_("A note for whoever looks again"), [limit])
    )
    return type("GradingForm", (FlaskForm,), fields)()


def bands(form: FlaskForm, rubric: Sequence[dict[str, Any]]) -> dict[str, int]:
    """What was chosen, by criterion."""
    return {
        criterion["id"]: int(form[f"band_{place}"].data) for place, criterion in enumerate(rubric)
    }
