"""Personal data lies apart: its tables are touched by the package that keeps them and by nobody else."""

import ast
import re
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Mapper

from portal.db import Base

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for name in ("portal", "exams", "tasks", "payouts", "demo")
    for path in (ROOT / name).rglob("*.py")
)


def personal() -> list[Mapper[Base]]:
    """The models of schema `personal`."""
    return [
        mapper
        for mapper in Base.registry.mappers
        if isinstance(mapper.local_table, sa.Table) and mapper.local_table.schema == "personal"
    ]


def names_in(path: Path) -> set[str]:
    """Every name that a module imports or reaches for."""
    tree = ast.parse(path.read_text("utf-8"))
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    reached = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return named | reached | imported


def home_of(mapper: Mapper[Base]) -> Path:
    """The package that keeps it: `portal/identity`, `exams`, `payouts`."""
    parts = mapper.class_.__module__.split(".models")[0].split(".")
    return ROOT.joinpath(*parts)


def test_every_personal_table_is_touched_in_its_own_package_only(app: Flask) -> None:
    kept = {mapper.class_.__name__: home_of(mapper) for mapper in personal()}
    assert len(kept) >= 8
    strangers = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in names_in(path) & kept.keys()
        if not path.is_relative_to(kept[name])
    ]
    assert strangers == []


def test_nobody_goes_round_the_models_by_words_of_sql() -> None:
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.search(r"\b(FROM|JOIN|INTO|UPDATE) personal\.", node.value), path
