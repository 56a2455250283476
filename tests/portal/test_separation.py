"""No route lets one person ask and approve: every route, every table, and the rules between them."""

import re
from collections.abc import Iterable
from typing import Final

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal.access import Role
from portal.decisions import Appeal, AppealState
from portal.ids import random_id
from tests.make import Make
from tests.portal.separation_table import NOTHING_APPROVED, PAIRS, SAME_PERSON_MAY

_APPROVES: Final = re.compile(
    r"^(accept|adopt|allow|answer|approve|authori[sz]e|clear|confirm|countersign|decide|give|grant"
    r"|let_past|opine|overrule|pass|permit|refuse|settle|sign|uphold|void)(_(?!in|out|up)|$)"
)
"""Verbs with which an endpoint would approve something; signing in, out and up is not signing."""
_PEOPLE: Final = """
SELECT table_name, array_agg(column_name ORDER BY column_name) FROM (
    SELECT k.conrelid::regclass::text AS table_name, a.attname::text AS column_name
    FROM pg_constraint k
    JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
    WHERE k.contype = 'f' AND k.confrelid = 'account'::regclass AND cardinality(k.conkey) = 1
) AS refers GROUP BY table_name HAVING count(*) > 1
"""
_RULES: Final = """
SELECT conrelid::regclass::text || '.' || conname AS name, pg_get_constraintdef(oid) AS rule
FROM pg_constraint
WHERE contype = 'c'
UNION ALL
SELECT tgrelid::regclass::text || '.' || tgname, pg_get_functiondef(tgfoid) FROM pg_trigger
WHERE NOT tgisinternal AND tgenabled <> 'D'
"""


def unlisted(endpoints: Iterable[str]) -> list[str]:
    """Endpoints that by their name approve something and stand in neither list."""
    named = {name for name in endpoints if _APPROVES.match(name.rpartition(".")[2])}
    return sorted(named - PAIRS.keys() - NOTHING_APPROVED.keys())


def posted(app: Flask) -> set[str]:
    """Every endpoint that changes something."""
    rules = app.url_map.iter_rules()
    return {
        rule.endpoint for rule in rules if not (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS"}
    }


def unguarded(session: Session) -> list[str]:
    """Tables with two people in them and no rule that tells the two apart."""
    rules = _rules(session)
    return [
        table
        for table, columns in session.execute(sa.text(_PEOPLE))
        if not any(_tells_apart(columns, rule) for name, rule in rules.items() if _of(table, name))
    ]


def test_every_route_that_approves_names_the_rule_that_needs_a_second_person(app: Flask) -> None:
    assert unlisted(posted(app)) == []


def test_the_lists_name_only_routes_that_exist_and_none_twice(app: Flask) -> None:
    listed = PAIRS.keys() | NOTHING_APPROVED.keys()
    assert sorted(listed - posted(app)) == []
    assert PAIRS.keys() & NOTHING_APPROVED.keys() == set()
    assert all(PAIRS.values())


def test_every_rule_that_is_named_is_in_force_and_tells_two_people_apart(session: Session) -> None:
    rules = _rules(session)
    named = {rule for listed in PAIRS.values() for rule in listed}
    assert sorted(named - rules.keys()) == []
    weak = [name for name in named if len(set(re.findall(r"\b\w+_id\b", rules[name]))) < 2]
    assert weak == []


def test_every_table_with_two_people_tells_them_apart(session: Session) -> None:
    assert sorted(unguarded(session)) == sorted(SAME_PERSON_MAY)


def test_a_new_route_that_approves_is_noticed() -> None:
    new = ["bonuses.approve", "pay_runs.sign", "identity_cases.overrule", "x.grant_all"]
    assert unlisted([*new, "accounts.sign_in", "home.home", "given.names"]) == sorted(new)


@pytest.mark.parametrize(
    ("table", "rules"),
    [
        ("pay_run", ["ck_pay_run_approved_by_another"]),
        ("adjustment", ["ck_adjustment_decided_by_another"]),
        ("account_grant", ["ck_account_grant_nobody_grants_themself"]),
    ],
)
def test_a_rule_that_was_taken_away_is_noticed(
    session: Session, table: str, rules: list[str]
) -> None:
    for rule in rules:
        session.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {rule}"))
    for name in _rules(session):
        if name.startswith(f"{table}.") and not name.startswith(f"{table}.ck_"):
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER {name.split('.')[1]}"))
    assert table in unguarded(session)


@pytest.mark.parametrize("who", ["person", "decider"])
def test_nobody_answers_an_appeal_about_what_they_asked_or_decided(
    session: Session, make: Make, who: str
) -> None:
    person, decider = make.account(), make.account(Role.COMPLIANCE)
    decision = make.decision(person, by=decider)
    appeal = Appeal(random_id(), decision.id, "No.", made_at=make.now, answer_by=make.now)
    session.add(appeal)
    session.flush()
    by = {"person": person, "decider": decider}[who]
    appeal.settle(AppealState.UPHELD, by=by.id, answer="Yes.", now=make.now)
    with pytest.raises(IntegrityError, match="second person"):
        session.flush()


def _rules(session: Session) -> dict[str, str]:
    return {row.name: row.rule for row in session.execute(sa.text(_RULES))}


def _of(table: str, rule: str) -> bool:
    return rule.rpartition(".")[0] == table


def _tells_apart(columns: list[str], rule: str) -> bool:
    """Whether a rule compares two of the columns."""
    compared = [column for column in columns if re.search(rf"\b{column}\b", rule)]
    return len(compared) > 1 and re.search(r"<>|IS DISTINCT FROM|NOT IN| IN \(", rule) is not None
