"""A handful of periods in every run; the whole show is `python -m tests.oracle --periods 5000`."""

import ast
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from types import ModuleType
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tasks import credit
from tasks.service import clock
from tests.oracle import periods, second_by_second
from tests.oracle.compare import compare

_SEEDS = range(1, 13)
_FEW = range(1, 7)


def test_the_product_and_the_oracle_agree_to_the_second_and_the_fraction(session: Session) -> None:
    tally = compare(session, _SEEDS)
    assert tally.differences == []
    assert tally.counted["seconds credited"] > 1000
    assert tally.counted["tasks answered"] > 20


@pytest.mark.parametrize("name", ["a longer gap", "idle time paid", "days at midnight in UTC"])
def test_a_planted_mistake_is_found(session: Session, name: str) -> None:
    planted: dict[str, AbstractContextManager[object]] = {
        "a longer gap": mock.patch.object(credit, "LONGEST_GAP", timedelta(seconds=76)),
        "idle time paid": mock.patch.object(clock, "credit", _idle_paid),
        "days at midnight in UTC": mock.patch("tests.oracle.play.pieces", _utc_pieces),
    }
    with planted[name]:
        assert noticed(session)


def noticed(session: Session) -> bool:
    """By the comparison, or before it by the database: no claim may hold a credited second."""
    try:
        return bool(compare(session, _FEW).differences)
    except IntegrityError:
        return True


def _idle_paid(gap: timedelta, **_: object) -> timedelta:
    return gap if gap <= credit.LONGEST_GAP else timedelta(0)


def _utc_pieces(start: datetime, end: datetime, _zone: ZoneInfo) -> Iterator[credit.Piece]:
    return credit.pieces(start, end, ZoneInfo("UTC"))


@pytest.mark.parametrize("module", [periods, second_by_second])
def test_the_oracle_shares_no_import_with_the_product(module: ModuleType) -> None:
    tree = ast.parse(Path(module.__file__ or "").read_text("utf-8"))
    names = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    own = {name for name in names if name.startswith("tests.oracle")}
    assert own <= {"tests.oracle.periods"}
    assert {name.partition(".")[0] for name in names - own} <= sys.stdlib_module_names


def test_a_seed_gives_the_same_period_every_time() -> None:
    assert periods.period(7) == periods.period(7)
    assert periods.period(7) != periods.period(8)
