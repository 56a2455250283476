r"""Patterns for short answers, matched in time that grows with the text and never explodes.

A subset of regular expressions (literals, `.`, `[a-z]`, `\d \w \s`, groups, `|`, `? * +`, `{m,n}`) run
as a Thompson automaton: every state at once, one step a character. A backtracking engine can be kept
busy for hours by thirty characters; here a step costs at most the number of states.
Thompson, K. (1968), Regular expression search algorithm, Communications of the ACM 11(6), 419-422.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

LONGEST: Final = 200
"""Characters of a pattern."""
_MOST_STATES: Final = 2000
_MOST_REPEATS: Final = 50

Matches = Callable[[str], bool]

_CLASSES: Final[dict[str, Matches]] = {
    "d": lambda c: c in "0123456789",
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}


@dataclass
class _State:
    """One place in the automaton: takes a character to `then`, or goes to `free` without one."""

    takes: Matches | None = None
    then: int = -1
    free: list[int] = field(default_factory=list)


_Build = Callable[[int], int]
"""Given where to go on, adds states and gives the one where to begin."""


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern."""

    states: list[_State]
    begin: int
    end: int

    def matches(self, text: str) -> bool:
        """Whether the whole text fits."""
        now = self._free([self.begin])
        for character in text:
            step = [
                state.then
                for state in (self.states[number] for number in now)
                if state.takes and state.takes(character)
            ]
            now = self._free(step)
        return self.end in now

    def _free(self, numbers: Iterable[int]) -> set[int]:
        """The states themselves and whatever is reached from them without a character."""
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting += self.states[number].free
        return found


def compile_pattern(source: str) -> Pattern:
    """The pattern, ready to match. Raises `ValueError` naming what is not understood, and where."""
    if len(source) > LONGEST:
        raise ValueError(f"a pattern has at most {LONGEST} characters")
    reader = _Reader(source)
    build = reader.alternatives()
    if reader.more():
        raise ValueError(f"nothing to close with {source[reader.at]!r} at {reader.at + 1}")
    end = reader.add(_State())
    return Pattern(reader.states, build(end), end)


@dataclass
class _Reader:
    """Reads a pattern from left to right."""

    source: str
    at: int = 0
    states: list[_State] = field(default_factory=list)

    def more(self, besides: str = "") -> bool:
        return self.at < len(self.source) and self.source[self.at] not in besides

    def add(self, state: _State) -> int:
        if len(self.states) >= _MOST_STATES:
            raise ValueError("the pattern repeats too much")
        self.states.append(state)
        return len(self.states) - 1

    def alternatives(self) -> _Build:
        branches = [self._sequence()]
        while self.more() and self.source[self.at] == "|":
            self.at += 1
            branches.append(self._sequence())

        def build(then: int) -> int:
            return self.add(_State(free=[branch(then) for branch in branches]))

        return branches[0] if len(branches) == 1 else build

    def _sequence(self) -> _Build:
        parts = []
        while self.more("|)"):
            parts.append(self._repeated(self._atom()))

        def build(then: int) -> int:
            for part in reversed(parts):
                then = part(then)
            return then

        return build

    def _repeated(self, part: _Build) -> _Build:
        if not self.more() or self.source[self.at] not in "?*+{":
            return part
        least, most = self._bounds()
        if self.more() and self.source[self.at] in "?*+{":
            raise ValueError(f"one repetition after another at {self.at + 1}")

        def build(then: int) -> int:
            begin = self._endless(part, then) if most is None else then
            for _ in range(0 if most is None else most - least):
                begin = self.add(_State(free=[part(begin), then]))
            for _ in range(least):
                begin = part(begin)
            return begin

        return build

    def _endless(self, part: _Build, then: int) -> int:
        loop = self.add(_State(free=[then]))
        self.states[loop].free.append(part(loop))
        return loop

    def _bounds(self) -> tuple[int, int | None]:
        sign = self._take()
        if sign != "{":
            return {"?": (0, 1), "*": (0, None), "+": (1, None)}[sign]
        inside, closed, _ = self.source[self.at :].partition("}")
        least, comma, most = inside.partition(",")
        numbers = [least, most] if comma else [least]
        if not closed or not all(one.isdecimal() and one.isascii() for one in numbers):
            raise ValueError(f"a repetition reads {{2}} or {{2,4}}, not what stands at {self.at}")
        self.at += len(inside) + 1
        low, high = int(least), int(numbers[-1])
        if not low <= high <= _MOST_REPEATS:
            raise ValueError(f"a repetition goes up to {_MOST_REPEATS}, the smaller number first")
        return low, high

    def _atom(self) -> _Build:
        sign = self._take()
        if sign == "(":
            inner = self.alternatives()
            if not self.more() or self._take() != ")":
                raise ValueError("a bracket is not closed")
            return inner
        if sign in "?*+{":
            raise ValueError(f"nothing to repeat at {self.at}")
        if sign == ".":
            return self._one(lambda _: True)
        if sign == "[":
            return self._one(self._set())
        return self._one(self._escaped() if sign == "\\" else sign.__eq__)

    def _one(self, takes: Matches) -> _Build:
        return lambda then: self.add(_State(takes, then))

    def _escaped(self) -> Matches:
        sign = self._take()
        if sign in _CLASSES:
            return _CLASSES[sign]
        if sign.isalnum():
            raise ValueError(f"\\{sign} is not understood")
        return sign.__eq__

    def _set(self) -> Matches:
        negated = self.more() and self.source[self.at] == "^"
        self.at += negated
        members: list[Matches] = []
        while self.more("]"):
            members.append(self._member())
        self._take()
        if not members:
            raise ValueError("a set of no characters")
        return lambda c: any(member(c) for member in members) != negated

    def _member(self) -> Matches:
        low = self._take()
        if low == "\\":
            return self._escaped()
        dash, behind = self.source[self.at : self.at + 1], self.source[self.at + 1 : self.at + 2]
        if dash != "-" or behind in {"", "]"}:
            return low.__eq__
        self.at += 1
        high = self._take()
        if high == "\\" or high < low:
            raise ValueError(f"the range {low}-{high} is the wrong way round")
        return lambda c: low <= c <= high

    def _take(self) -> str:
        if self.at >= len(self.source):
            raise ValueError("the pattern ends too early")
        self.at += 1
        return self.source[self.at - 1]
