"""What a manager fills in about forms to be assembled: counts from … to, for whatever is counted."""

import re
from collections.abc import Mapping
from typing import Any, Final

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import IntegerField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional, ValidationError

_LINE: Final = re.compile(
    r"(?P<where>(?:(?:area|type|difficulty)=[a-z0-9_-]+\s+)+)(?P<least>\d{1,3})\s*-\s*(?P<most>\d{1,3})"
)
Labels = Mapping[str, Mapping[str, str]]
"""For each label (area, type, difficulty) its values and their words."""


def blueprint_form(labels: Labels) -> FlaskForm:
    """A form with a least and a most for every area, type and difficulty."""
    fields: dict[str, Any] = {
        "forms": _needed(_("How many forms?"), 1, 10, 2),
        "length_least": _needed(_("Questions on each, at least"), 1, 200, 20),
        "length_most": _needed(_("Questions on each, at most"), 1, 200, 24),
        "minutes_most": _count(_("Minutes for each, at most"), 1, 600),
    }
    for label, values in labels.items():
        for value, words in values.items():
            fields[_name(label, value, "least")] = _count(_("%(of)s, at least", of=words))
            fields[_name(label, value, "most")] = _count(_("%(of)s, at most", of=words))
    fields["more"] = TextAreaField(_("More rules, one a line"), [Optional(), _lines])
    return type("BlueprintForm", (FlaskForm,), fields)()


def document(form: FlaskForm, labels: Labels) -> dict[str, Any]:
    """The blueprint that was filled in."""
    rules = []
    for label, values in labels.items():
        for value, words in values.items():
            least = form[_name(label, value, "least")].data
            most = form[_name(label, value, "most")].data
            if least is not None or most is not None:
                name, where = str(words), {label: value}
                rules.append({"name": name, "where": where, "least": least or 0, "most": most})
    minutes = form.minutes_most.data
    return {
        "forms": form.forms.data,
        "length": {"least": form.length_least.data, "most": form.length_most.data},
        "minutes": {"most": minutes} if minutes else {},
        "rules": rules + [_rule(line) for line in _written(form.more.data)],
    }


def _needed(words: str, least: int, most: int, usual: int) -> IntegerField:
    limits = [InputRequired(_("Write a number")), NumberRange(least, most, _("Write a number"))]
    return IntegerField(words, limits, default=usual)


def _count(words: str, least: int = 0, most: int = 200) -> IntegerField:
    return IntegerField(words, [Optional(), NumberRange(least, most, _("Write a number"))])


def _name(label: str, value: str, end: str) -> str:
    return f"{label}_{value.replace('-', '_')}_{end}"


def _written(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def _rule(line: str) -> dict[str, Any]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise ValueError(line)
    where = dict(pair.split("=", 1) for pair in found["where"].split())
    return {
        "name": line,
        "where": where,
        "least": int(found["least"]),
        "most": int(found["most"]),
    }


def _lines(_form: FlaskForm, field: TextAreaField) -> None:
    for line in _written(field.data):
        try:
            _rule(line)
        except ValueError:
            raise ValidationError(
                _("“%(line)s” is not understood. Write: area=policy type=numeric 1-3", line=line)
            ) from None
