"""Attributes, groups and differences in words."""

from typing import Any

from flask_babel import gettext as _

from exams.models import FairnessStudy
from exams.service.self_identification import NOT_SAID


def attributes() -> dict[str, str]:
    """What people may say of themselves."""
    return {
        "gender": _("Gender"),
        "age": _("Age"),
        "minority": _("Belongs to an ethnic or national minority"),
    }


def values(attribute: str) -> dict[str, str]:
    """The groups of an attribute, as its own page and the fairness page call them."""
    known = {
        "gender": {"woman": _("Woman"), "man": _("Man"), "another": _("Another gender")},
        "age": {
            "under-30": _("Under 30"),
            "30-to-44": _("30 to 44"),
            "45-to-59": _("45 to 59"),
            "60-and-over": _("60 and over"),
        },
        "minority": {"yes": _("Yes"), "no": _("No")},
    }
    return known[attribute] | {NOT_SAID: _("Not said")}


def title(of: list[str]) -> str:
    """What a table is by: its attributes, or everybody."""
    words = attributes()
    return " · ".join(words[name] for name in of) or str(_("Everybody"))


def group(of: list[str], held: list[str]) -> str:
    """A row's name: its values in the order of the attributes; everybody where there are none."""
    if not of:
        return str(_("Everybody"))
    return " · ".join(values(name)[value] for name, value in zip(of, held, strict=True))


def by_version(study: FairnessStudy) -> dict[int, list[dict[str, Any]]]:
    """The differences that a study found, by question version."""
    found: dict[int, list[dict[str, Any]]] = {}
    for one in study.differences:
        found.setdefault(one["question_version_id"], []).append(one)
    return found


def difference(one: dict[str, Any]) -> str:
    """One difference in a sentence."""
    harder = one["delta"] < 0
    words = values(one["attribute"])
    names = {"focal": words[one["focal"]], "reference": words[one["reference"]]}
    size = {"A": _("negligible"), "B": _("moderate"), "C": _("large")}[one["ets"]]
    told = (
        _("harder for “%(focal)s” than for “%(reference)s” of equal ability", **names)
        if harder
        else _("easier for “%(focal)s” than for “%(reference)s” of equal ability", **names)
    )
    return f"{attributes()[one['attribute']]}: {told} ({size})"
