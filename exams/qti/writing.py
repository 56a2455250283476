"""Questions written as QTI 3.0 items, and items as a package."""

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from lxml import etree

from exams.qti import text, xml
from exams.qti.xml import MAP_RESPONSE, MATCH_CORRECT, OWN, PACKAGE, Element, make
from portal.errors import Invalid

Question = Mapping[str, Any]
"""A question as the import of a bank takes it."""
_MOMENT: Final = (1980, 1, 1, 0, 0, 0)  # a package is the same whenever it is written
_ROWS: Final = ("area", "minutes", "difficulty", "warning", "pilot")


def package(questions: Sequence[Question]) -> bytes:
    """A content package of QTI 3.0. Raises `Invalid` naming the questions that QTI cannot say."""
    kinds = sorted({str(one["type"]) for one in questions} - KINDS.keys())
    if kinds:
        names = [f"{one['slug']} ({one['type']})" for one in questions if one["type"] in kinds]
        raise Invalid("QTI has no interaction for: " + ", ".join(names))
    files = {f"items/{one['slug']}.xml": xml.written(item(one)) for one in questions}
    files = {"imsmanifest.xml": _manifest(list(files)), **files}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            entry = zipfile.ZipInfo(path, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, data)
    return held.getvalue()


def item(question: Question) -> Element:
    """One question as an assessment item."""
    root = make(
        "qti-assessment-item",
        identifier=question["slug"],
        title=question["slug"],
        adaptive="false",
        time_dependent="false",
    )
    root.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    declaration = make("qti-response-declaration", root, identifier="RESPONSE")
    make(
        "qti-outcome-declaration",
        root,
        identifier="SCORE",
        cardinality="single",
        base_type="float",
        normal_maximum=f"{question['points']:g}",
    )
    body = make("qti-item-body", root)
    body.set(f"{OWN}type", question["type"])
    for name in _ROWS:
        if name in question:
            body.set(OWN + name, _said(question[name]))
    text.put(make("div", body), question["stem"])
    template = KINDS[question["type"]](question, declaration, body)
    rationale = make("qti-rubric-block", body, view="author", use="instructions")
    text.put(make("qti-content-body", rationale), question["rationale"])
    if template:
        make("qti-response-processing", root, template=template)
    return root


def _single(question: Question, declaration: Element, body: Element) -> str:
    _declare(declaration, "single", "identifier", [question["key"]["option"]])
    _choices(body, question["options"], max_choices="1")
    return MATCH_CORRECT


def _multiple(question: Question, declaration: Element, body: Element) -> str:
    right = question["key"]["options"]
    _declare(declaration, "multiple", "identifier", right)
    choice = _choices(body, question["options"], max_choices="0")
    rule = question.get("rule")
    if rule:
        choice.set(f"{OWN}rule", rule)
    if rule != "balanced":
        return MATCH_CORRECT
    wrong = [one["id"] for one in question["options"] if one["id"] not in right]
    _map(
        declaration,
        [(one, 1 / len(right)) for one in right] + [(w, -1 / len(wrong)) for w in wrong],
    )
    return MAP_RESPONSE


def _numeric(question: Question, declaration: Element, body: Element) -> str:
    key = question["key"]
    _declare(declaration, "single", "float", [repr(key["value"])])
    for name, value in key.items():
        declaration.set(f"{OWN}{name}", _said(value))
    field = make("qti-text-entry-interaction", make("p", body), response_identifier="RESPONSE")
    field.set(f"{OWN}unit", question["unit"])
    field.set(f"{OWN}decimals", str(question["decimals"]))
    if "units" in question:
        listed = " ".join(f"{unit}={factor!r}" for unit, factor in question["units"].items())
        field.set(f"{OWN}units", listed)
    _within(body.getparent(), key)
    return ""


def _within(root: Element, key: Mapping[str, Any]) -> None:
    """Response processing that compares within the tolerance."""
    processing = make("qti-response-processing", root)
    branch = make("qti-response-if", make("qti-response-condition", processing))
    relative = key.get("relative")
    tolerance = key["tolerance"] * (100 if relative else 1)
    mode = "relative" if relative else "absolute"
    equal = make("qti-equal", branch, tolerance_mode=mode, tolerance=f"{tolerance!r} {tolerance!r}")
    make("qti-variable", equal, identifier="RESPONSE")
    make("qti-correct", equal, identifier="RESPONSE")
    outcome = make("qti-set-outcome-value", branch, identifier="SCORE")
    make("qti-base-value", outcome, "1", base_type="float")


def _short_text(question: Question, declaration: Element, body: Element) -> str:
    key = question["key"]
    accepted = key.get("accepted", [])
    _declare(declaration, "single", "string", accepted[:1])
    cased = "false" if "case" in key.get("ignore", ["case"]) else "true"
    _map(declaration, [(one, 1.0) for one in accepted], case_sensitive=cased)
    for name in ("patterns", "ignore"):
        if name in key:
            declaration.set(f"{OWN}{name}", "\n".join(key[name]))
    field = make("qti-text-entry-interaction", make("p", body), response_identifier="RESPONSE")
    if "longest" in question:
        field.set("expected-length", str(question["longest"]))
    return MAP_RESPONSE


def _order(question: Question, declaration: Element, body: Element) -> str:
    _declare(declaration, "ordered", "identifier", question["key"]["order"])
    interaction = make(
        "qti-order-interaction", body, response_identifier="RESPONSE", shuffle="true"
    )
    _list(interaction, "qti-simple-choice", question["items"])
    if "rule" in question:
        interaction.set(f"{OWN}rule", question["rule"])
    return MATCH_CORRECT


def _match(question: Question, declaration: Element, body: Element) -> str:
    pairs = [f"{left} {right}" for left, right in question["key"]["pairs"].items()]
    _declare(declaration, "multiple", "directedPair", pairs)
    _map(declaration, [(pair, 1 / len(pairs)) for pair in pairs])
    interaction = make(
        "qti-match-interaction",
        body,
        response_identifier="RESPONSE",
        shuffle="true",
        max_associations=str(len(pairs)),
    )
    if "rule" in question:
        interaction.set(f"{OWN}rule", question["rule"])
    for side, most in (("left", "1"), ("right", "0")):
        held = make("qti-simple-match-set", interaction)
        _list(held, "qti-simple-associable-choice", question[side], match_max=most)
    return MATCH_CORRECT if question.get("rule") == "all" else MAP_RESPONSE


def _rubric(question: Question, declaration: Element, body: Element) -> str:
    _declare(declaration, "single", "string", [])
    interaction = make("qti-extended-text-interaction", body, response_identifier="RESPONSE")
    for name in ("least_words", "most_words"):
        if name in question:
            interaction.set(OWN + name.replace("_", "-"), str(question[name]))
    block = make("qti-rubric-block", body, view="scorer", use="scoring")
    content = make("qti-content-body", block)
    for criterion in question["criteria"]:
        held = make("div", content)
        held.set(f"{OWN}criterion", criterion["id"])
        if "weight" in criterion:
            held.set(f"{OWN}weight", repr(criterion["weight"]))
        text.put(make("p", held), criterion["title"], inline=True)
        listed = make("ol", held, start="0")
        for band in question["key"]["bands"][criterion["id"]]:
            row = make("li", listed)
            text.put(make("p", row), band["text"], inline=True)
            if "anchor" in band:
                text.put(make("blockquote", row), band["anchor"])
    return ""


def _declare(declaration: Element, cardinality: str, base: str, right: Sequence[str]) -> None:
    declaration.set("cardinality", cardinality)
    declaration.set("base-type", base)
    if right:
        held = make("qti-correct-response", declaration)
        for value in right:
            make("qti-value", held, value)


def _map(
    declaration: Element, entries: Sequence[tuple[str, float]], *, case_sensitive: str = ""
) -> None:
    mapping = make("qti-mapping", declaration, lower_bound="0", upper_bound="1", default_value="0")
    for key, value in entries:
        entry = make("qti-map-entry", mapping, map_key=key, mapped_value=repr(value))
        if case_sensitive:
            entry.set("case-sensitive", case_sensitive)


def _choices(body: Element, options: Sequence[Mapping[str, str]], *, max_choices: str) -> Element:
    interaction = make(
        "qti-choice-interaction",
        body,
        response_identifier="RESPONSE",
        shuffle="true",
        max_choices=max_choices,
    )
    _list(interaction, "qti-simple-choice", options)
    return interaction


def _list(
    parent: Element, tag: str, options: Sequence[Mapping[str, str]], **attributes: str
) -> None:
    for option in options:
        one = make(tag, parent, identifier=option["id"], **attributes)
        text.put(one, option["text"], inline=True)


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _manifest(paths: Sequence[str]) -> bytes:
    root = etree.Element(f"{{{PACKAGE}}}manifest", nsmap={None: PACKAGE})
    root.set("identifier", "touchstone")
    metadata = etree.SubElement(root, f"{{{PACKAGE}}}metadata")
    for tag, said in (("schema", "QTI Package"), ("schemaversion", "3.0.0")):
        etree.SubElement(metadata, f"{{{PACKAGE}}}{tag}").text = said
    etree.SubElement(root, f"{{{PACKAGE}}}organizations")
    resources = etree.SubElement(root, f"{{{PACKAGE}}}resources")
    for number, path in enumerate(paths, 1):
        resource = etree.SubElement(resources, f"{{{PACKAGE}}}resource")
        resource.set("identifier", f"item-{number}")
        resource.set("type", "imsqti_item_xmlv3p0")
        resource.set("href", path)
        etree.SubElement(resource, f"{{{PACKAGE}}}file").set("href", path)
    return xml.written(root)


KINDS: Final[Mapping[str, Callable[[Question, Element, Element], str]]] = {
    "single": _single,
    "multiple": _multiple,
    "numeric": _numeric,
    "short_text": _short_text,
    "order": _order,
    "match": _match,
    "essay": _rubric,
    "writing_sample": _rubric,
}
"""The kinds that QTI has an interaction for."""
