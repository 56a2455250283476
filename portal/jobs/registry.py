"""The allow-list: which function answers to which job name. Filled when workers import job modules."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

Handler = Callable[[int], None]

_HANDLERS: Final[dict[str, Handler]] = {}


class UnknownJob(Exception):
    """A name without a handler, or a handler without a name: the worker does not start."""


def job(name: StrEnum) -> Callable[[Handler], Handler]:
    """Make the function the handler of `name`. It takes a row's id and must be safe to run twice."""

    def register(function: Handler) -> Handler:
        known = _HANDLERS.setdefault(name.value, function)
        if (known.__module__, known.__qualname__) != (function.__module__, function.__qualname__):
            raise UnknownJob(f"{name.value} has two handlers")
        return function

    return register


def handler(name: str) -> Handler:
    """The function for a name. Raises `UnknownJob` for anything outside the list."""
    try:
        return _HANDLERS[name]
    except KeyError:
        raise UnknownJob(f"no handler for job {name!r}") from None


def refuse_mismatch(declared: Iterable[str]) -> None:
    """Raise `UnknownJob` unless exactly the declared names have handlers."""
    names = set(declared)
    problems = [f"{name} has no handler" for name in sorted(names - _HANDLERS.keys())]
    problems += [f"{name} is declared nowhere" for name in sorted(_HANDLERS.keys() - names)]
    if problems:
        raise UnknownJob("; ".join(problems))
