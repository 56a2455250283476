"""Stripe's published request schema, derived from the types the installed `stripe` package carries.

The package is generated from Stripe's OpenAPI description. Its service classes name each route's
method and path, its `params` TypedDicts each parameter's type, values and whether it is required.
What comes out is JSON Schema without references. Only the sandbox needs it, so only it imports it.
"""

import ast
import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import (
    IO,
    Any,
    Final,
    Literal,
    NotRequired,
    Required,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import typing_extensions
from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject

Schema = dict[str, Any]

_PLAIN: Final[Mapping[object, Schema]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    Decimal: {"type": "string", "format": "decimal"},
    NoneType: {"type": "null"},
    Any: {},
}
_LITERALS: Final = (Literal, typing_extensions.Literal)
_REQUIREDNESS: Final = (
    Required,
    NotRequired,
    typing_extensions.Required,
    typing_extensions.NotRequired,
)


@dataclass(frozen=True)
class Operation:
    """One thing that can be asked of Stripe, and what may be sent with it."""

    method: str  # "get", "post", "delete"
    path: str  # "/v1/transfers/{transfer}"
    sdk: str  # "stripe._transfer_service:retrieve"
    params: Schema


def operations(service_module: str) -> Iterator[Operation]:
    """Every operation of the service classes in one module of the package."""
    module = importlib.import_module(service_module)
    tree = ast.parse(inspect.getsource(module))
    imported = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    for method in ast.walk(tree):
        if isinstance(method, ast.FunctionDef) and (call := _request(method)):
            verb, path = call
            name = _params_class(method)
            params = params_schema(imported[name], name) if name else _struct({}, [])
            yield Operation(verb, path, f"{service_module}:{method.name}", params)


@cache
def params_schema(module: str, name: str) -> Schema:
    """The JSON Schema of one `params` TypedDict; what it does not name is refused."""
    return _typed_dict(getattr(importlib.import_module(module), name))


def _request(method: ast.FunctionDef) -> tuple[str, str] | None:
    """The verb and path that a method's call of `self._request` names."""
    for node in ast.walk(method):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "_request"
        ):
            verb, path = node.args[:2]
            if isinstance(path, ast.Call) and isinstance(path.func, ast.Attribute):
                path = path.func.value  # "…/{transfer}".format(transfer=…)
            return ast.literal_eval(verb), ast.literal_eval(path)
    return None


def _params_class(method: ast.FunctionDef) -> str | None:
    for argument in method.args.args:
        if argument.arg == "params" and argument.annotation is not None:
            names = [
                node.value
                for node in ast.walk(argument.annotation)
                if isinstance(node, ast.Constant) and isinstance(node.value, str)
            ]
            return names[0]
    return None


def _typed_dict(params: type) -> Schema:
    """A TypedDict's schema, without the options (keys, versions) that the package mixes into some."""
    mixed_in = RequestOptions in getattr(params, "__orig_bases__", ())
    own = {
        name: hint
        for name, hint in params.__annotations__.items()
        if not mixed_in or name not in RequestOptions.__annotations__
    }
    names = vars(importlib.import_module(params.__module__))
    hints = get_type_hints(SimpleNamespace(__annotations__=own), names, include_extras=True)
    required = [name for name, hint in hints.items() if get_origin(hint) not in _REQUIREDNESS]
    return _struct({name: _schema(hint) for name, hint in hints.items()}, required)


def _struct(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return schema | ({"required": sorted(required)} if required else {})


def _schema(hint: object) -> Schema:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in _REQUIREDNESS:
        return _schema(arguments[0])
    if typing_extensions.is_typeddict(hint):
        return _typed_dict(cast(type, hint))
    if origin is None:
        return {} if hint is IO else _PLAIN[hint]
    return _generic(origin, arguments)


def _generic(origin: object, arguments: tuple[Any, ...]) -> Schema:
    if origin in _LITERALS:
        return {"type": "string", "enum": sorted(arguments)}
    if origin in (Union, UnionType):
        return _union([_schema(argument) for argument in arguments])
    if origin is list:
        return {"type": "array", "items": _schema(arguments[0])}
    if origin in (dict, UntypedStripeObject):
        return {"type": "object", "additionalProperties": _schema(arguments[-1])}
    if origin is IO:
        return {}
    raise TypeError(f"no schema for {origin}")


def _union(members: list[Schema]) -> Schema:
    """One of several, its texts merged into one.

    `Literal[...] | str` is how the package writes an enum that may grow: we hold callers to the
    values it has. `Literal[""] | str` is a text that may be emptied.
    """
    texts = [member for member in members if member.get("type") == "string"]
    others = [member for member in members if member.get("type") != "string"]
    values = sorted({value for text in texts for value in text.get("enum", ())})
    if any("format" in text for text in texts):
        others += texts
    elif values and (values != [""] or {"type": "string"} not in texts):
        others.append({"type": "string", "enum": values})
    elif texts:
        others.append({"type": "string"})
    distinct = [member for i, member in enumerate(others) if member not in others[:i]]
    return distinct[0] if len(distinct) == 1 else {"anyOf": distinct}
