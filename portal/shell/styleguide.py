"""The contract of the looks: each component in each state, beside the macro call that made it."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from flask import Blueprint, current_app, render_template, render_template_string
from flask_wtf import FlaskForm
from markupsafe import Markup
from wtforms import (
    BooleanField,
    DecimalField,
    FileField,
    RadioField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal import charts
from portal.access import public

bp = Blueprint("styleguide", __name__, url_prefix="/styleguide")

COMPONENTS: Final = (
    "colours",
    "type",
    "page",
    "buttons",
    "states",
    "figures",
    "estimates",
    "charts",
    "tables",
    "lists",
    "notices",
    "forms",
    "choices",
    "navigation",
    "dialogs",
    "progress",
)
_MARK: Final = re.compile(r"^\{#= (.+?) =#\}\n", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One state of a component: what it is called, the call, and what the call renders."""

    title: str
    source: str
    rendered: Markup


@dataclass(frozen=True)
class Component:
    """A part of the guide: its name, a sentence, its examples."""

    name: str
    about: str
    examples: list[Example]


@bp.get("/")
@public
def guide() -> str:
    """All components on one page."""
    context = _samples()
    return render_template(
        "styleguide.html", components=[_component(name, context) for name in COMPONENTS]
    )


@bp.get("/exam")
@public
def exam() -> str:
    """The layout of an exam's question."""
    return render_template("styleguide/layout_exam.html")


@bp.get("/work")
@public
def work() -> str:
    """The layout of the workbench."""
    form = SampleForm(data={"preference": "a2"})
    return render_template("styleguide/layout_work.html", form=form, navigation=_tabs())


def _tabs() -> list[dict[str, Any]]:
    names = ("Work", "Earnings", "Quality", "Qualifications")
    return [{"label": name, "url": "#main", "current": name == "Work"} for name in names]


class SampleForm(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """A field of each kind."""

    class Meta:
        """The guide sends nothing, so there is nothing to protect."""

        csrf = False

    name = StringField("Full name", [InputRequired("Enter your full name")])
    about = TextAreaField("What did you build?", [Length(max=400)])
    hours = DecimalField("Hours a week", [InputRequired("Enter how many hours a week you have")])
    english = SelectField(
        "Your English",
        [InputRequired("Choose your level")],
        choices=["B1, independent", "B2, confident", "C1, fluent", "C2, like a native speaker"],
    )
    document = FileField("Certificate", render_kw={"accept": ".pdf"})
    terms = BooleanField("I have read the agreement and accept it", [InputRequired("Accept it")])
    verdict = RadioField(
        "Which is the first wrong step?",
        [InputRequired("Choose a step")],
        choices=[
            SelectChoice("1", "The second message names a place and a time."),
            SelectChoice("2", "Together with the insult it reads as an intent to confront."),
            SelectChoice("3", "Because no weapon is mentioned, clause 3.1 cannot apply."),
            SelectChoice("0", "No step is wrong"),
        ],
    )
    preference = RadioField(
        "Which answer is better?",
        choices=[
            SelectChoice("a3", "A much better"),
            SelectChoice("a2", "A better"),
            SelectChoice("tie", "About the same"),
            SelectChoice("b2", "B better"),
            SelectChoice("b3", "B much better"),
            SelectChoice("neither", "Neither is fine"),
        ],
        validate_choice=False,
    )
    languages = SelectMultipleField(
        "Languages you read well",
        choices=["Yorùbá", "Tiếng Việt", "Deutsch"],
        option_widget=CheckboxInput(),
        widget=ListWidget(),
        validate_choice=False,
    )


def _component(name: str, context: dict[str, Any]) -> Component:
    """Read `styleguide/NAME.html`: a comment, the imports, then examples under their marks."""
    loader = current_app.jinja_env.loader
    if loader is None:
        raise LookupError("the application has no template folder")
    source, _, _ = loader.get_source(current_app.jinja_env, f"styleguide/{name}.html")
    about, imports, parts = _cut(source)
    examples = [
        Example(title, body.strip(), Markup(render_template_string(imports + body, **context)))  # noqa: S704
        for title, body in parts
    ]
    return Component(name, about, examples)


def _cut(source: str) -> tuple[str, str, list[tuple[str, str]]]:
    head, *rest = _MARK.split(source)
    about, _, imports = head.removeprefix("{#").partition("#}")
    return about.strip(), imports, list(zip(rest[::2], rest[1::2], strict=True))


def _samples() -> dict[str, Any]:
    invalid = SampleForm(data={"about": "A queue."})
    invalid.validate()
    filled = SampleForm(
        data={
            "name": "Amara Okafor", "verdict": "3", "preference": "a2", "hours": 12,
            "languages": ["Yorùbá"], "terms": True,
        }
    )  # fmt: skip
    return {"empty": SampleForm(), "filled": filled, "invalid": invalid, **_drawings()}


def _drawings() -> dict[str, Any]:
    """Charts of invented numbers."""
    estimate, needed = charts.Estimate, 0.8
    week = zip(
        ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        (7560, 12240, 0, 10080, 15720, 0, 0),
        strict=True,
    )
    return {
        "above": charts.interval_bar(estimate(0.86, 0.91, 0.95), title="Reasoning", needed=needed),
        "near": charts.interval_bar(estimate(0.72, 0.84, 0.92), title="Preference", needed=needed),
        "below": charts.interval_bar(estimate(0.58, 0.66, 0.74), title="Reasoning", needed=needed),
        "early": charts.interval_bar(estimate(0.56, None, 0.96), title="Yorùbá", needed=needed),
        "low": charts.interval_bar(estimate(0.22, 0.38, 0.55), title="Hate", needed=needed),
        "score": charts.interval_bar(
            estimate(594, 612, 630),
            title="Trust & Safety reasoning",
            needed=560,
            ends=(400, 800),
            show=charts.whole,
            needed_word="pass mark",
        ),
        "week": charts.bars([charts.Bar(*day) for day in week], title="Hours this week"),
        "accuracy": _accuracy(),
        "trend": charts.sparkline([0.83, 0.85, 0.84, 0.88, 0.87, 0.9, 0.92], title="Accuracy"),
        "people": charts.distribution(
            [
                0.71,
                0.74,
                0.78,
                0.79,
                0.8,
                0.81,
                0.82,
                0.83,
                0.83,
                0.85,
                0.85,
                0.86,
                0.88,
                0.88,
                0.9,
                0.93,
            ],
            title="Accuracy of the project's experts",
            own=0.88,
            needed=needed,
            needed_text="needed 80\u202f%",
        ),
        "steps": charts.funnel(
            [
                charts.Bar("Applied", 412),
                charts.Bar("Screening met", 233),
                charts.Bar("Exam passed", 96),
                charts.Bar("Identity verified", 88),
            ],
            title="From application to expert",
        ),
        "forecast": _forecast(),
        "lines": charts.curves(
            [
                charts.Curve(
                    "What the model expects",
                    [(x / 2, 1 / (1 + 3 ** (0.4 - x / 2))) for x in range(-6, 7)],
                    [charts.Mark(-1.2, 0.16, 44), charts.Mark(0.1, 0.47, 60)],
                ),
                charts.Curve("Form 2", [(x / 2, 0.3 + x / 40) for x in range(-6, 7)]),
            ],
            title="The line of a question with what was observed",
            ends=(0, 1),
            at=0.4,
            at_text="pass mark",
        ),
        "confusion": charts.heat_table(
            title="Share of judgments by consensus, in per cent",
            corner="Consensus",
            names=["Threat", "Harassment", "Hate", "None"],
            shares=[
                [0.66, 0.27, 0.04, 0.03],
                [0.04, 0.88, 0.05, 0.03],
                [0.02, 0.09, 0.85, 0.04],
                [0.02, 0.03, 0.04, 0.91],
            ],
            counts=[412, 880, 301, 1904],
        ),
    }


def _accuracy() -> charts.Drawing:
    points = [0.83, 0.85, 0.84, 0.88, 0.87, None, 0.89, 0.91, 0.9, 0.92, 0.91, 0.92]
    return charts.line_with_band(
        [
            charts.Point(
                f"wk {36 + index}",
                None if value is None else charts.Estimate(value - 0.08, value, value + 0.06),
            )
            for index, value in enumerate(points)
        ],
        title="Accuracy over time",
        reference=0.8,
        reference_text="needed 80\u202f%",
        ends=(0.6, 1.0),
    )


def _forecast() -> charts.Drawing:
    start = date(2026, 10, 30)
    done = [(start + timedelta(days=day), day * 258.0 + day % 3 * 70) for day in range(24)]
    last = done[-1]
    return charts.progress_with_forecast(
        done,
        [
            charts.Forecast(
                last[0] + timedelta(days=day),
                last[1] + day * 215,
                last[1] + day * 255,
                last[1] + day * 300,
            )
            for day in (4, 8, 12, 16)
        ],
        title="Progress and forecast",
        target=10_000,
        target_text="10,000 tasks",
    )
