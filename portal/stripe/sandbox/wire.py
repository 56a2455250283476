"""Reading a request as Stripe reads it: form or JSON in, checked and typed parameters out."""

import json
import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from portal.stripe.sandbox import complaints
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.schema import Schema

Value: TypeAlias = Any
"""Whatever JSON can hold."""
Params = dict[str, Any]

_PIECES: Final = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
_WHOLE: Final = re.compile(r"^-?[0-9]+$")
_METADATA_KEYS: Final = 50
_METADATA_KEY: Final = 40
_METADATA_VALUE: Final = 500


def from_form(pairs: Iterable[tuple[str, str]]) -> Params:
    """Undo `a[b][0]=c`. A list stays a mapping from its indexes until the schema says it is one."""
    found: Params = {}
    for name, value in pairs:
        match = _PIECES.match(name)
        if match is None:
            raise complaints.unknown(name)
        keys = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        _put(found, keys, value, name)
    return found


def from_json(body: bytes) -> Params:
    """A v2 body: a JSON object, or nothing at all."""
    try:
        found = json.loads(body) if body.strip() else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Complaint("The request body could not be parsed as JSON.", code="invalid_json")
    return found


def check_form(schema: Schema, params: Params) -> Params:
    """Type every text by the schema, or refuse as Stripe does. Raises `Complaint`."""
    checked: Params = _check(schema, params, "", texts=True)
    return checked


def check_json(schema: Schema, params: Params) -> Params:
    """The same for JSON, where values already have types that must be the right ones."""
    checked: Params = _check(schema, params, "", texts=False)
    return checked


def _put(found: Params, keys: list[str], value: str, name: str) -> None:
    here: Any = found
    for key in keys[:-1]:
        here = here.setdefault(key or str(len(here)), {})
        if not isinstance(here, dict):
            raise complaints.mistyped("object", name, value)
    here[keys[-1] or str(len(here))] = value


def _check(schema: Schema, value: Value, path: str, *, texts: bool) -> Value:
    if "anyOf" in schema:
        return _one_of(schema["anyOf"], value, path, texts=texts)
    kind = schema.get("type")
    if kind == "object":
        return _object(schema, value, path, texts=texts)
    if kind == "array":
        return _array(schema, value, path, texts=texts)
    return _plain(schema, value, path, texts=texts)


def _one_of(members: list[Schema], value: Value, path: str, *, texts: bool) -> Value:
    first: Complaint | None = None
    for member in sorted(members, key=lambda member: member.get("type") == "string"):
        try:
            return _check(member, value, path, texts=texts)
        except Complaint as complaint:
            fits = isinstance(value, dict) == (member.get("type") == "object")
            first = complaint if first is None or fits else first
    raise first or complaints.mistyped("value", path, value)


def _object(schema: Schema, value: Value, path: str, *, texts: bool) -> Params:
    if not isinstance(value, dict):
        raise complaints.mistyped("object", path, value)
    rest = schema.get("additionalProperties", False)
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            raise complaints.missing(_join(path, name))
    if rest is not False:
        _metadata(value, path)
    checked = {}
    for name, inner in value.items():
        member = properties.get(name, rest)
        if member is False:
            raise complaints.unknown(_join(path, name))
        checked[name] = _check(member, inner, _join(path, name), texts=texts)
    return checked


def _array(schema: Schema, value: Value, path: str, *, texts: bool) -> list[Value]:
    if texts and isinstance(value, dict) and all(_WHOLE.match(key) for key in value):
        value = [value[key] for key in sorted(value, key=int)]
    if not isinstance(value, list):
        raise complaints.mistyped("array", path, value)
    items = schema["items"]
    return [_check(items, inner, f"{path}[{i}]", texts=texts) for i, inner in enumerate(value)]


def _plain(schema: Schema, value: Value, path: str, *, texts: bool) -> Value:
    kind = schema.get("type")
    if kind == "integer":
        return _integer(value, path, texts=texts)
    if kind == "boolean":
        return _boolean(value, path, texts=texts)
    if kind == "null":
        if value is not None:
            raise complaints.mistyped("null", path, value)
        return None
    if kind == "number":
        return _number(value, path)
    return _text(schema, value, path)


def _integer(value: Value, path: str, *, texts: bool) -> int:
    if texts and isinstance(value, str) and _WHOLE.match(value):
        return int(value)
    if not texts and isinstance(value, int) and not isinstance(value, bool):
        return value
    raise complaints.mistyped("integer", path, value, "parameter_invalid_integer")


def _boolean(value: Value, path: str, *, texts: bool) -> bool:
    if texts and value in {"true", "false"}:
        return bool(value == "true")
    if not texts and isinstance(value, bool):
        return value
    raise complaints.mistyped("boolean", path, value)


def _number(value: Value, path: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise complaints.mistyped("decimal", path, value) from None


def _text(schema: Schema, value: Value, path: str) -> str:
    if not isinstance(value, str):
        raise complaints.mistyped("string", path, value)
    values = schema.get("enum")
    if values is not None and value not in values:
        *some, last = values
        listed = ", ".join(some) + (" or " if some else "") + last
        raise Complaint(f"Invalid {path}: must be one of {listed}", param=path)
    if value == "" and values is None and "[" not in path:
        raise complaints.empty(path)
    return value


def _metadata(value: Params, path: str) -> None:
    if len(value) > _METADATA_KEYS:
        raise Complaint(f"Metadata can have up to {_METADATA_KEYS} keys.", param=path)
    for key, text in value.items():
        if len(key) > _METADATA_KEY:
            raise Complaint(f"Metadata keys can be up to {_METADATA_KEY} characters.", param=path)
        if isinstance(text, str) and len(text) > _METADATA_VALUE:
            limit = f"Metadata values can have up to {_METADATA_VALUE} characters."
            raise Complaint(limit, param=_join(path, key))


def _join(path: str, name: str) -> str:
    return f"{path}[{name}]" if path else name
