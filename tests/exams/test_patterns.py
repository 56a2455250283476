"""Patterns of short answers: the same as regular expressions, and never slow."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exams.questions.patterns import LONGEST, compile_pattern

_atoms = st.sampled_from(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", "\\d", "\\w", "\\.", "é"])
_patterns = st.recursive(
    _atoms,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "{0,2}"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
    ),
    max_leaves=6,
)


@given(source=_patterns, text=st.text(alphabet="abc.é1_ ", max_size=8))
def test_a_pattern_matches_what_the_regular_expression_matches(source: str, text: str) -> None:
    wanted = re.fullmatch(source, text, re.DOTALL) is not None
    assert compile_pattern(source).matches(text) is wanted


@pytest.mark.parametrize("source", ["(a+)+", "(a|aa)+", "(a*)*", "((a|a)*)*", "(.*)(.*)(.*)x"])
def test_what_keeps_a_backtracking_engine_busy_takes_one_step_a_character(source: str) -> None:
    assert not compile_pattern(source).matches("a" * 5_000 + "b")


@pytest.mark.parametrize(
    "source",
    [
        "(",
        ")",
        "a)",
        "(a",
        "*",
        "a**",
        "a{",
        "a{x}",
        "a{3,1}",
        "a{99}",
        "[",
        "[]",
        "[b-a]",
        "\\",
        "\\q",
    ],
)
def test_what_is_not_understood_is_refused(source: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        compile_pattern(source)


def test_a_pattern_has_an_end() -> None:
    with pytest.raises(ValueError, match="characters"):
        compile_pattern("a" * (LONGEST + 1))
    with pytest.raises(ValueError, match="too much"):
        compile_pattern("((a{50}){50}){2}")
