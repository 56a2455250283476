"""Forms of the work's pages: what they ask and how they say what is wrong."""

from typing import Any, Final
from zoneinfo import available_timezones

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileAllowed, FileField, FileRequired
from wtforms import (
    DateField,
    DecimalField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from portal.money import EXPONENTS
from tasks.models import TaskType

_SLUG: Final = Regexp(
    r"^[a-z0-9]+(-[a-z0-9]+)*$", message=_("Use small letters, digits and hyphens")
)
TYPE_NAMES: Final = {
    TaskType.PREFERENCE: _("Preference: which of two answers is better"),
    TaskType.REASONING_REVIEW: _("Reasoning review: the first wrong step"),
}

TYPE_TAGS: Final = {
    TaskType.PREFERENCE: _("Preference"),
    TaskType.REASONING_REVIEW: _("Reasoning review"),
}


class AdjustmentForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Time that the clock did not see."""

    minutes = IntegerField(
        _("How many minutes?"),
        [
            InputRequired(_("Enter how many minutes")),
            NumberRange(-1440, 1440, _("Enter at most 1440 minutes, a whole day")),
        ],
    )
    work_day = DateField(_("On which day?"), [InputRequired(_("Enter the day you worked"))])
    reason = TextAreaField(
        _("What were you doing?"), [InputRequired(_("Say what the time was for")), Length(max=2000)]
    )


class PauseForm(FlaskForm):  # type: ignore[misc]
    """Why somebody's new tasks wait, or go on."""

    reason = TextAreaField(
        _("Why?"),
        [InputRequired(_("Say why: the person reads this")), Length(max=2000)],
        render_kw={"rows": 4},
    )


class ProjectForm(FlaskForm):  # type: ignore[misc]
    """A new project, as a draft."""

    title = StringField(_("Title"), [InputRequired(_("Enter a title")), Length(max=120)])
    slug = StringField(
        _("Short name in addresses"),
        [InputRequired(_("Enter a short name")), Length(max=60), _SLUG],
    )
    organisation = SelectField(_("Client"), coerce=int)
    line = StringField(
        _("What the work is, in one sentence"),
        [InputRequired(_("Say what the work is")), Length(max=300)],
    )
    question = StringField(
        _("The question above each task"), [InputRequired(_("Enter the question")), Length(max=200)]
    )
    task_type = SelectField(
        _("Task type"),
        choices=[SelectChoice(each.value, name) for each, name in TYPE_NAMES.items()],
    )
    currency = SelectField(_("Currency"), choices=sorted(EXPONENTS), default="USD")
    hourly = DecimalField(
        _("Rate per hour"),
        [
            InputRequired(_("Enter what an hour pays")),
            NumberRange(min=0.001, message=_("A rate is more than nothing")),
        ],
        places=None,
    )
    overlap = IntegerField(
        _("Judgments per task"), [InputRequired(_("Enter how many")), NumberRange(1, 99)], default=3
    )
    gold_percent = IntegerField(
        _("Check tasks, in per cent"),
        [InputRequired(_("Enter a share")), NumberRange(0, 50)],
        default=10,
    )
    needed_percent = IntegerField(
        _("Needed level, in per cent"),
        [InputRequired(_("Enter a level")), NumberRange(1, 100)],
        default=80,
    )
    planned_minutes = IntegerField(
        _("Time planned for one task, in minutes"), [NumberRange(1, 240)], default=6
    )
    reserve_hours = IntegerField(
        _("Reserve for tasks that take longer, in hours"), [NumberRange(0, 10_000)], default=10
    )
    day_hours = IntegerField(_("Hours a day, at most"), [NumberRange(1, 24)], default=8)
    week_hours = IntegerField(_("Hours a week, at most"), [NumberRange(1, 168)], default=40)
    payroll_zone = StringField(
        _("Payroll time zone"), [InputRequired(_("Enter a time zone"))], default="UTC"
    )
    due_on = DateField(_("Due on"), [Optional()])
    required_qualification = StringField(_("Required qualification"), [Optional(), _SLUG])
    guideline = TextAreaField(_("Guideline"), [InputRequired(_("Write the guideline"))])
    agreement = TextAreaField(
        _("Agreement with the experts"), [InputRequired(_("Write the agreement"))]
    )

    def validate_payroll_zone(self, field: StringField) -> None:
        """Only zones that exist."""
        if field.data not in available_timezones():
            raise ValidationError(_("Enter a zone such as Europe/Berlin or Africa/Lagos"))


class ImportForm(FlaskForm):  # type: ignore[misc]
    """A file of tasks."""

    file = FileField(
        _("File"),
        [FileRequired(_("Choose a file")), FileAllowed(["csv", "jsonl"], _("Choose a .csv or .jsonl file"))],
        render_kw={"accept": ".csv,.jsonl"},
    )  # fmt: skip
    mapping = StringField(_("Which column is what"), [InputRequired(_("Say which column is what"))])
    gold = FileField(
        _("Check tasks with their answers"),
        [FileAllowed(["csv", "jsonl"], _("Choose a .csv or .jsonl file"))],
        render_kw={"accept": ".csv,.jsonl"},
    )


class GuidelineForm(FlaskForm):  # type: ignore[misc]
    """The next version of a guideline."""

    label = StringField(
        _("Version"), [InputRequired(_("Enter what this version is called")), Length(max=20)]
    )
    body = TextAreaField(_("Text"), [InputRequired(_("Write the guideline"))])


class RateForm(FlaskForm):  # type: ignore[misc]
    """The next rate card."""

    hourly = DecimalField(
        _("New rate per hour"),
        [InputRequired(_("Enter what an hour pays")), NumberRange(min=0.001)],
        places=None,
    )


class CapsForm(FlaskForm):  # type: ignore[misc]
    """Other hours for a project that is under way."""

    task_minutes = IntegerField(
        _("Minutes planned for one task"),
        [InputRequired(_("Enter minutes")), NumberRange(1, 1440, _("Enter 1 to 1440 minutes"))],
    )
    day_hours = IntegerField(
        _("Hours a day, at most"),
        [InputRequired(_("Enter hours")), NumberRange(1, 24, _("Enter 1 to 24 hours"))],
    )
    week_hours = IntegerField(
        _("Hours a week, at most"),
        [InputRequired(_("Enter hours")), NumberRange(1, 168, _("Enter 1 to 168 hours"))],
    )
    reason = StringField(_("Why do they change?"), [InputRequired(_("Say why")), Length(max=500)])


def filled(form: FlaskForm) -> dict[str, Any]:
    """A form's fields without its token."""
    return {name: value for name, value in form.data.items() if name != "csrf_token"}
