"""Assembly: every form meets every rule, forms are parallel, and what collides is named."""

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exams.psychometrics import assembly
from exams.psychometrics.assembly import (
    Assembled,
    Blueprint,
    Infeasible,
    Question,
    Rule,
    Undecided,
    assemble,
    violations,
)

_AREAS = ("policy", "measurement", "annotation")
_TYPES = ("single", "numeric", "order")
_BANDS = ("easy", "middle", "hard")


def _pool(count: int = 90, *, seed: int = 1) -> list[Question]:
    """Questions of three areas, types and difficulties, some about a text in twos."""
    random = np.random.default_rng(seed)
    return [
        Question(
            f"q{number}",
            information=float(random.lognormal(-1, 0.5)),
            minutes=float(random.choice([1.0, 1.5, 2.0, 3.0])),
            labels={
                "area": _AREAS[number % 3],
                "type": _TYPES[int(random.integers(3))],
                "difficulty": _BANDS[int(random.integers(3))],
            },
            stimulus=f"text {number // 2}" if number < 8 else None,
        )
        for number in range(count)
    ]


def _blueprint(**changes: object) -> Blueprint:
    blueprint = Blueprint(
        forms=3,
        length=(18, 20),
        minutes=(20.0, 45.0),
        rules=[
            *(Rule(f"{one} questions", {"area": one}, 5, 9) for one in _AREAS),
            *(Rule(f"{one} ones", {"difficulty": one}, 4, 9) for one in _BANDS),
            Rule("hard numeric policy", {"area": "policy", "type": "numeric"}, 1, 4),
        ],
    )
    return dataclasses.replace(blueprint, **changes)  # type: ignore[arg-type]


def test_every_form_meets_every_rule_and_they_are_parallel() -> None:
    pool, enemies = _pool(), [(10, 11), (20, 50), (33, 34)]
    found = assemble(pool, enemies, _blueprint(), seconds=20)
    assert isinstance(found, Assembled)
    assert len(found.forms) == 3
    assert violations(pool, enemies, _blueprint(), found.forms) == []
    assert max(found.information) <= 1.05 * min(found.information) + 1e-6


def test_the_forms_are_as_informative_as_the_pool_allows() -> None:
    pool = [dataclasses.replace(one, stimulus=None) for one in _pool(30)]
    blueprint = Blueprint(forms=1, length=(5, 5))
    found = assemble(pool, [], blueprint)
    assert isinstance(found, Assembled)
    best = sum(sorted((one.information for one in pool), reverse=True)[:5])
    assert found.information[0] == pytest.approx(best, rel=0.011)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    forms=st.integers(1, 3),
    length=st.integers(3, 8),
    least=st.integers(0, 3),
    reuse=st.integers(1, 2),
    pairs=st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=5),
)
def test_whatever_is_asked_for_is_met_or_explained(
    seed: int, forms: int, length: int, least: int, reuse: int, pairs: list[tuple[int, int]]
) -> None:
    pool = _pool(30, seed=seed)
    enemies = [(a, b) for a, b in pairs if a != b]
    rules = [Rule(one, {"area": one}, least) for one in _AREAS]
    blueprint = Blueprint(forms=forms, length=(length, length + 1), rules=rules, reuse=reuse)
    found = assemble(pool, enemies, blueprint, seconds=10)
    if isinstance(found, Assembled):
        assert violations(pool, enemies, blueprint, found.forms) == []
    elif isinstance(found, Infeasible):
        assert found.colliding


@pytest.mark.parametrize(
    ("changes", "colliding"),
    [
        (
            {
                "rules": [
                    Rule("many policy", {"area": "policy"}, 15),
                    Rule("little policy", {"area": "policy"}, 0, 10),
                ]
            },
            {"many policy", "little policy"},
        ),
        ({"length": (25, 26), "minutes": (0.0, 10.0)}, {"length", "minutes"}),
        ({"forms": 6, "length": (18, 18)}, {"length", "reuse"}),
        ({"rules": [Rule("essays", {"type": "essay"}, 1)]}, {"essays"}),
    ],
)
def test_what_collides_is_named(changes: dict[str, object], colliding: set[str]) -> None:
    found = assemble(_pool(), [], _blueprint(**changes), seconds=20)
    assert isinstance(found, Infeasible)
    assert set(found.colliding) == colliding


def test_without_any_one_of_the_colliding_rules_there_are_forms() -> None:
    pool = _pool()
    rules = [
        Rule("policy", {"area": "policy"}, 12),
        Rule("annotation", {"area": "annotation"}, 12),
        Rule("measurement", {"area": "measurement"}, 1),
    ]
    blueprint = _blueprint(forms=1, rules=rules)
    found = assemble(pool, [], blueprint)
    assert isinstance(found, Infeasible)
    assert "measurement" not in found.colliding
    for name in ("policy", "annotation"):
        fewer = [rule for rule in rules if rule.name != name]
        assert isinstance(assemble(pool, [], _blueprint(forms=1, rules=fewer)), Assembled)


def test_enemies_and_texts_collide_by_name() -> None:
    pool = [dataclasses.replace(one, stimulus="one text") for one in _pool(4)]
    found = assemble(pool, [(0, 1)], Blueprint(forms=1, length=(1, 4)))
    assert isinstance(found, Infeasible)
    assert set(found.colliding) == {"enemies", "stimuli", "length"}


def test_forms_that_cannot_be_parallel_say_so() -> None:
    pool = [
        Question(f"q{n}", information=info, minutes=1, labels={})
        for n, info in enumerate([1.0, 1.0, 5.0, 5.0, 5.0])
    ]
    found = assemble(pool, [], Blueprint(forms=5, length=(1, 1)))
    assert isinstance(found, Infeasible)
    assert "parallel information" in found.colliding


def test_no_time_is_no_answer() -> None:
    found = assemble(_pool(400), [], _blueprint(forms=8), seconds=0.0)
    assert isinstance(found, Undecided)


@pytest.mark.parametrize(
    "changes",
    [
        {"forms": 0},
        {"length": (5, 4)},
        {"minutes": (5.0, 4.0)},
        {"rules": [Rule("a", {}, 3, 2)]},
        {"rules": [Rule("a", {}), Rule("a", {})]},
        {"rules": [Rule("length", {})]},
    ],
)
def test_what_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"least|name|form"):
        assemble(_pool(20), [], _blueprint(**changes))


def test_broken_forms_are_seen() -> None:
    pool = _pool()
    assert violations(pool, [(0, 2)], _blueprint(), [[0, 2], [0]]) == sorted(
        {
            assembly.LENGTH,
            assembly.MINUTES,
            assembly.ENEMIES,
            assembly.STIMULI,
            assembly.REUSE,
            assembly.PARALLEL,
            *(rule.name for rule in _blueprint().rules if rule.least),
        }
    )
