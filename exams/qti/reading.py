"""QTI 3.0 items read as questions: what our questions cannot say is refused by name."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from exams.qti import text
from exams.qti.xml import OWN, Element, Unsupported, every, first, name

Question = dict[str, Any]
NO_RATIONALE: Final = "Imported from QTI, which held no rationale."
_REFUSED: Final = (
    "qti-template-declaration",
    "qti-template-processing",
    "qti-modal-feedback",
    "qti-feedback-block",
    "qti-feedback-inline",
    "qti-printed-variable",
    "qti-companion-materials-info",
    "qti-assessment-stimulus-ref",
    "qti-include",
)


def question(root: Element, *, area: str) -> Question:
    """One item as a question; `area` where the item names none. Raises `Unsupported`."""
    if name(root) != "qti-assessment-item":
        raise Unsupported(f"a {name(root)} is no item")
    if root.get("adaptive") == "true":
        raise Unsupported("it is adaptive")
    for tag in _REFUSED:
        if next(every(root, tag), None) is not None:
            raise Unsupported(tag)
    body = first(root, "qti-item-body")
    interaction = _interaction(body)
    read = _READERS.get(name(interaction))
    if read is None:
        raise Unsupported(name(interaction))
    return _around(root, body, area) | read(root, interaction)


def _around(root: Element, body: Element, area: str) -> Question:
    """What every question has, whatever its kind."""
    found: Question = {
        "slug": _slug(root.get("identifier", "")),
        "area": body.get(f"{OWN}area", area),
        "points": _points(root),
        "minutes": _number(body.get(f"{OWN}minutes", "1.5")),
        "difficulty": _number(body.get(f"{OWN}difficulty", "0")),
        "rationale": NO_RATIONALE,
        "stem": _stem(body),
    }
    for block in every(body, "qti-rubric-block"):
        if block.get("view") == "author":
            found["rationale"] = text.get(first(block, "qti-content-body")) or NO_RATIONALE
    if body.get(f"{OWN}warning"):
        found["warning"] = body.get(f"{OWN}warning")
    if body.get(f"{OWN}pilot"):
        found["pilot"] = body.get(f"{OWN}pilot") == "true"
    return found


def _interaction(body: Element) -> Element:
    found = [
        one
        for one in body.iter()
        if isinstance(one.tag, str) and name(one).endswith("-interaction")
    ]
    if len(found) != 1:
        raise Unsupported(f"{len(found)} interactions; a question has one")
    return found[0]


def _stem(body: Element) -> str:
    """What is read before answering: everything of the body but interaction and rubrics."""
    parts = [body.text or ""]
    for child in body:
        inside = [name(one) for one in child.iter() if isinstance(one.tag, str)]
        if any(one.endswith("-interaction") for one in inside):
            prompt = next(every(child, "qti-prompt"), None)
            words = text.get(prompt) if prompt is not None else _beside(child)
        elif name(child) == "qti-rubric-block":
            words = ""
        else:
            words = text.get(child)
        parts.append(words)
    stem = "\n\n".join(part.strip() for part in parts if part.strip())
    if not stem:
        raise Unsupported("it asks nothing")
    return stem


def _beside(child: Element) -> str:
    """The words of a paragraph around a field to write in."""
    if name(child).endswith("-interaction"):
        return ""
    words = " ".join(" ".join(child.itertext()).split())
    return f"{words} …" if words else ""


def _choice(root: Element, interaction: Element) -> Question:
    options = _options(interaction, "qti-simple-choice")
    declaration, right = _declared(root, interaction)
    if declaration.get("cardinality") == "single":
        if len(right) != 1:
            raise Unsupported("a single choice without one correct response")
        return {"type": "single", "options": options, "key": {"option": right[0]}}
    found: Question = {"type": "multiple", "options": options, "key": {"options": right}}
    rule = interaction.get(f"{OWN}rule") or _rule(root, declaration, options, right)
    if rule:
        found["rule"] = rule
    return found


def _rule(
    root: Element, declaration: Element, options: list[dict[str, str]], right: list[str]
) -> str:
    """How parts of a set count, from the way a foreign item is scored."""
    template = _template(root)
    if template.endswith(("match_correct.xml", "match_correct")):
        return ""
    mapped = {
        one.get("map-key"): float(one.get("mapped-value", 0))
        for one in every(declaration, "qti-map-entry")
    }
    wrong = [one["id"] for one in options if one["id"] not in right]
    balanced = {one: 1 / len(right) for one in right} | {one: -1 / len(wrong) for one in wrong}
    same = mapped.keys() == balanced.keys()
    if same and all(math.isclose(mapped[one], balanced[one], abs_tol=1e-9) for one in balanced):
        return "balanced"
    raise Unsupported("its mapping")


def _entry(root: Element, interaction: Element) -> Question:
    declaration, right = _declared(root, interaction, needed=False)
    if declaration.get("base-type") in {"float", "integer"}:
        return _numeric(root, interaction, declaration, right)
    if declaration.get("base-type") != "string":
        raise Unsupported(f"a text entry of base type {declaration.get('base-type')}")
    entries = list(every(declaration, "qti-map-entry"))
    accepted = [one.get("map-key") for one in entries if float(one.get("mapped-value", 0)) > 0]
    accepted += [one for one in right if one not in accepted]
    key: dict[str, Any] = {}
    if accepted:
        key["accepted"] = accepted
    for listed in ("patterns", "ignore"):
        value = declaration.get(OWN + listed)
        if value is not None:
            key[listed] = value.split("\n") if value else []
    if not key:
        raise Unsupported("no correct response")
    if "ignore" not in key and not _ours(root):
        cased = not entries or any(one.get("case-sensitive") == "true" for one in entries)
        key["ignore"] = ["spaces"] if cased else ["case", "spaces"]
    found: Question = {"type": "short_text", "key": key}
    if interaction.get("expected-length"):
        found["longest"] = max(1, min(200, int(interaction.get("expected-length"))))
    return found


def _ours(root: Element) -> bool:
    """Whether the item was written by us."""
    return first(root, "qti-item-body").get(f"{OWN}type") is not None


def _numeric(
    root: Element, interaction: Element, declaration: Element, right: list[str]
) -> Question:
    if len(right) != 1:
        raise Unsupported("a number without one correct response")
    value, tolerance, relative = _number(right[0]), 0.0, False
    for equal in every(root, "qti-equal"):
        mode = equal.get("tolerance-mode", "exact")
        if mode in {"absolute", "relative"}:
            bounds = [float(one) for one in equal.get("tolerance", "0").split()]
            if len(set(bounds)) > 1:
                raise Unsupported("a tolerance that is not the same on both sides")
            relative = mode == "relative"
            tolerance = bounds[0] / (100 if relative else 1)
    key: dict[str, Any] = {"value": value, "tolerance": tolerance}
    if declaration.get(f"{OWN}tolerance") is not None:
        key["tolerance"] = _number(declaration.get(f"{OWN}tolerance"))
    if relative or declaration.get(f"{OWN}relative") is not None:
        key["relative"] = relative
    decimals = interaction.get(f"{OWN}decimals")
    shown = right[0].partition(".")[2]
    found: Question = {
        "type": "numeric",
        "unit": interaction.get(f"{OWN}unit", ""),
        "decimals": int(decimals) if decimals else min(9, len(shown.rstrip("0"))),
        "key": key,
    }
    if interaction.get(f"{OWN}units") is not None:
        pairs = [one.rpartition("=") for one in interaction.get(f"{OWN}units").split(" ") if one]
        found["units"] = {unit: _number(factor) for unit, _, factor in pairs}
    return found


def _order(root: Element, interaction: Element) -> Question:
    items = _options(interaction, "qti-simple-choice")
    _, right = _declared(root, interaction)
    found: Question = {"type": "order", "items": items, "key": {"order": right}}
    if interaction.get(f"{OWN}rule"):
        found["rule"] = interaction.get(f"{OWN}rule")
    return found


def _match(root: Element, interaction: Element) -> Question:
    sets = list(every(interaction, "qti-simple-match-set"))
    if len(sets) != 2:
        raise Unsupported("a match without two sets")
    left, right = (_options(one, "qti-simple-associable-choice") for one in sets)
    _, correct = _declared(root, interaction)
    pairs = dict(pair.split() for pair in correct)
    if len(pairs) != len(correct) or pairs.keys() != {one["id"] for one in left}:
        raise Unsupported("a match in which one on the left has no partner, or two")
    found: Question = {"type": "match", "left": left, "right": right, "key": {"pairs": pairs}}
    if interaction.get(f"{OWN}rule"):
        found["rule"] = interaction.get(f"{OWN}rule")
    elif _template(root).endswith("match_correct.xml"):
        found["rule"] = "all"
    return found


def _extended(root: Element, interaction: Element) -> Question:
    body = first(root, "qti-item-body")
    blocks = [one for one in body.iter() if isinstance(one.tag, str) and one.get(f"{OWN}criterion")]
    if not blocks:
        raise Unsupported("an essay without a rubric of criteria and bands")
    criteria, bands = [], {}
    for block in blocks:
        slug = block.get(f"{OWN}criterion")
        title, listed = list(block)
        criterion: dict[str, Any] = {"id": slug, "title": text.get(title)}
        if block.get(f"{OWN}weight"):
            criterion["weight"] = _number(block.get(f"{OWN}weight"))
        criteria.append(criterion)
        bands[slug] = [_band(row) for row in listed]
    found: Question = {
        "type": body.get(f"{OWN}type", "essay"),
        "criteria": criteria,
        "key": {"bands": bands},
    }
    for words in ("least_words", "most_words"):
        said = interaction.get(OWN + words.replace("_", "-"))
        if said:
            found[words] = int(said)
    return found


def _band(row: Element) -> dict[str, str]:
    parts = list(row)
    band = {"text": text.get(parts[0])}
    if len(parts) > 1:
        band["anchor"] = text.get(parts[1])
    return band


def _declared(
    root: Element, interaction: Element, *, needed: bool = True
) -> tuple[Element, list[str]]:
    """The declaration that an interaction answers to, and its correct values."""
    wanted = interaction.get("response-identifier")
    for declaration in every(root, "qti-response-declaration"):
        if declaration.get("identifier") == wanted:
            held = next(every(declaration, "qti-correct-response"), None)
            values = [] if held is None else list(every(held, "qti-value"))
            right = [" ".join((one.text or "").split()) for one in values]
            if needed and not right:
                raise Unsupported("no correct response")
            return declaration, right
    raise Unsupported("no response declaration")


def _options(parent: Element, tag: str) -> list[dict[str, str]]:
    found = [{"id": one.get("identifier"), "text": text.get(one)} for one in every(parent, tag)]
    if any(not one["text"] for one in found):
        raise Unsupported("a choice without words")
    return found


def _template(root: Element) -> str:
    processing = next(every(root, "qti-response-processing"), None)
    return "" if processing is None else processing.get("template", "")


def _points(root: Element) -> int:
    for outcome in every(root, "qti-outcome-declaration"):
        if outcome.get("identifier") in {"SCORE", "MAXSCORE"} and outcome.get("normal-maximum"):
            most = float(outcome.get("normal-maximum"))
            return int(most) if most >= 1 and most == int(most) else 1
    return 1


def _number(said: str) -> float:
    """An integer where it is written as one, so that a question is the same again."""
    try:
        return int(said) if re.fullmatch(r"[+-]?\d+", said.strip()) else float(said)
    except ValueError:
        raise Unsupported(f"{said!r} where a number should stand") from None


def _slug(identifier: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", identifier.lower()).strip("-")
    if not slug:
        raise Unsupported("it has no identifier")
    return slug


_READERS: Final[Mapping[str, Callable[[Element, Element], Question]]] = {
    "qti-choice-interaction": _choice,
    "qti-text-entry-interaction": _entry,
    "qti-order-interaction": _order,
    "qti-match-interaction": _match,
    "qti-extended-text-interaction": _extended,
}
