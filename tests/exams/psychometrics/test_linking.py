"""Linking constants against what equateIRT printed, and links through anchors that drifted."""

import json
from typing import Any

import numpy as np
import pytest

from exams.psychometrics import simulate
from exams.psychometrics.items import Items
from exams.psychometrics.linking import (
    Link,
    LinkMethod,
    Unlinkable,
    link,
    link_without_drift,
)
from tests.shared_data import shared

_PRINTED = {
    LinkMethod.MEAN_MEAN: "mean-mean",
    LinkMethod.MEAN_SIGMA: "mean-sigma",
    LinkMethod.HAEBARA: "Haebara",
    LinkMethod.STOCKING_LORD: "Stocking-Lord",
}


@pytest.mark.parametrize("method", LinkMethod)
@pytest.mark.parametrize("data", ["est2pl", "est3pl"])
def test_the_constants_equal_equateirts(data: str, method: LinkMethod) -> None:
    reference = json.loads(shared("irt/equateIRT_linking_reference.json").read_text("utf-8"))[data]
    printed = reference["link_T1_T2"][_PRINTED[method]]
    found = link(*_anchors(reference["coef"]), method)
    assert found.slope == pytest.approx(printed["A"], abs=1e-6)
    assert found.shift == pytest.approx(printed["B"], abs=1e-6)


@pytest.mark.parametrize("method", LinkMethod)
@pytest.mark.parametrize("kind", ["binary", "graded", "partial credit", "nominal"])
def test_a_known_change_of_scale_is_found_for_every_model(kind: str, method: LinkMethod) -> None:
    base = _bank(kind)
    found = link(base.on_scale(1 / 1.25, 0.3 / 1.25), base, method)
    assert found.slope == pytest.approx(1.25, abs=1e-5)
    assert found.shift == pytest.approx(-0.3, abs=1e-5)


def test_a_link_moves_items_and_abilities_alike() -> None:
    bank, theta = _bank("binary"), np.linspace(-2, 2, 5)
    found = Link(1.25, -0.3)
    moved = found.items(bank).probabilities(found.abilities(theta))
    assert moved == pytest.approx(bank.probabilities(theta))


@pytest.mark.parametrize("method", LinkMethod)
def test_drifted_anchors_are_dropped_and_the_link_is_right(method: LinkMethod) -> None:
    base = _bank("binary", 30)
    rotten = np.isin(np.arange(30), [3, 11, 20])
    drifted = Items.binary(
        np.where(rotten, base.slope * 0.7, base.slope),
        base.difficulty[:, 0] + np.where(rotten, 0.9, 0.0),
        base.guessing,
    )
    noisy = _noisy(drifted.on_scale(1 / 1.2, 0.4 / 1.2))
    naive = link(noisy, base, method)
    found = link_without_drift(noisy, base, method)
    assert (found.kept == ~rotten).all()
    assert found.link.slope == pytest.approx(1.2, abs=0.06)
    assert found.link.shift == pytest.approx(-0.4, abs=0.06)
    assert abs(naive.shift + 0.4) > abs(found.link.shift + 0.4)
    assert found.drift[rotten].min() > 0.08
    assert found.drift[~rotten].max() < 0.05


def test_honest_anchors_are_all_kept() -> None:
    kept = []
    for seed in range(40):
        base = _bank("binary", 20, seed=seed)
        kept.append(link_without_drift(_noisy(base, seed), base).kept.mean())
    assert np.mean(kept) > 0.995


def test_a_link_without_a_majority_is_refused() -> None:
    base = _bank("binary", 20)
    moved = np.arange(20) % 2 == 0
    shift = np.where(moved, np.linspace(-3, 3, 20), 0.0)
    with pytest.raises(Unlinkable, match="anchors drifted"):
        link_without_drift(
            Items.binary(base.slope, base.difficulty[:, 0] + shift, base.guessing), base
        )


def test_anchors_that_cannot_link_are_refused_with_the_reason() -> None:
    base = _bank("binary", 6)
    with pytest.raises(Unlinkable, match="at least 3"):
        link(base.take(np.arange(2)), base.take(np.arange(2)))
    with pytest.raises(Unlinkable, match="6 anchors on one side, 5 on the other"):
        link(base, base.take(np.arange(5)))
    with pytest.raises(Unlinkable, match="another model"):
        link(_bank("graded", 6), base)
    with pytest.raises(Unlinkable, match="positive slope"):
        link(Items.binary(np.r_[-1.0, base.slope[1:]], base.difficulty[:, 0]), base)
    same = Items.binary(base.slope, np.zeros(6))
    with pytest.raises(Unlinkable, match="no spread"):
        link(same, base, "mean-sigma")


def _bank(kind: str, count: int = 12, *, seed: int = 1) -> Items:
    random = np.random.default_rng(seed)
    return {
        "binary": lambda: simulate.binary_items(random, count),
        "graded": lambda: simulate.graded_items(random, count, 4),
        "partial credit": lambda: simulate.partial_credit_items(random, count, 4),
        "nominal": lambda: simulate.nominal_items(random, count, 4),
    }[kind]()


def _noisy(items: Items, seed: int = 2) -> Items:
    """As if estimated from a few thousand people."""
    random = np.random.default_rng(1000 + seed)
    return Items.binary(
        items.slope * random.lognormal(0, 0.04, len(items)),
        items.difficulty[:, 0] + random.normal(0, 0.04, len(items)),
        items.guessing,
    )


def _anchors(forms: list[list[dict[str, Any]]]) -> tuple[Items, Items]:
    first, second = ({row["item"]: row for row in form} for form in forms)
    common = [name for name in first if name in second]
    assert len(common) == 10
    new, base = (_items([form[name] for name in common]) for form in (first, second))
    return new, base


def _items(rows: list[dict[str, float]]) -> Items:
    if "z1" in rows[0]:
        slope = np.array([row["z1"] for row in rows])
        return Items.binary(slope, -np.array([row["X.Intercept."] for row in rows]) / slope)
    slope = np.array([row["beta.2i"] for row in rows])
    guess = 1 / (1 + np.exp(-np.array([row["c.i"] for row in rows])))
    return Items.binary(slope, -np.array([row["beta.1i"] for row in rows]) / slope, guess)
