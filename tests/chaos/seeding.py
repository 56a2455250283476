"""So many experts who are owed a bonus each, in one signed run: rows in bulk, money by the services."""

import uuid
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from payouts.service import runs, statements
from portal.access import Role
from portal.accounts.models import Account
from portal.stripe import accounts
from portal.stripe.sandbox.resources.accounts import Onboarding
from tests.make import Make
from tests.portal.stripe import payees

AMOUNT: Final = 64  # minor units each: far from any limit

_PEOPLE: Final = """
WITH made AS (
    INSERT INTO account ({columns})
    SELECT {values} FROM account, generate_series(1, :count) AS n WHERE account.id = :model
    RETURNING id
) SELECT array_agg(id ORDER BY id) FROM made
"""


def signed_run(session: Session, *, items: int, stripe_id: str, now: datetime) -> None:
    """Everybody verified, onboarded, with a tax form and one approved bonus; statements, run, signature."""
    make = Make(session, now)
    model = make.payee(stripe_id=stripe_id)
    people = copies(
        session, "account", model.id, items, {"email": "'chaos-' || n || '@example.org'"}
    )
    _for_each(session, "identity_check", "account_id", model.id, people)
    _for_each(session, "payout_account", "account_id", model.id, people)
    _for_each(session, "personal.tax_form", "account_id", model.id, people)
    project = make.project()
    asker, approver = make.account(Role.MANAGER), make.account(Role.FINANCE)
    _bonuses(session, people, project.id, asker, approver, now)
    for expert_id in people:
        statements.draw(session, expert_id=expert_id, now=now)
    run = runs.build(
        session, organisation_id=project.organisation_id, currency="USD", by=asker.id, now=now
    )
    runs.approve(session, run, by=approver.id, seen=run.lines_sha256, now=now)


def onboarded() -> str:
    """An account at the sandbox that can be paid: the model of all others."""
    made = accounts.ensure(
        known=None,
        reference="chaos",
        email="chaos@example.org",
        country="DE",
        display_name="Amara Okafor",
        idempotency_key=str(uuid.uuid4()),
    )
    payees.onboard(made.id, Onboarding.ACTIVE)
    return made.id


def copies(session: Session, table: str, model: int, count: int, said: dict[str, str]) -> list[int]:
    """Rows like the model's, told apart where they must be; gives their ids."""
    fresh = {"public_id": "gen_random_uuid()", **said}
    columns = [name for name in columns_of(session, table) if name != "id"]
    values = [fresh.get(name, f"{table}.{name}") for name in columns]
    query = _PEOPLE.format(columns=", ".join(columns), values=", ".join(values))
    return list(session.scalar(sa.text(query), {"count": count, "model": model}) or [])


def _for_each(session: Session, table: str, key: str, model: int, people: list[int]) -> None:
    """The model's row of a table, once for each person."""
    fresh = {
        key: "person",
        "public_id": "gen_random_uuid()",
        "creation_key": "gen_random_uuid()",
        "idempotency_key": "gen_random_uuid()",
        "stripe_id": "'acct_chaos' || person",
        "session_id": "session_id || person",
    }
    columns = [name for name in columns_of(session, table) if name != "id"]
    values = [fresh.get(name, f"model.{name}") for name in columns]
    session.execute(
        sa.text(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)}"
            f" FROM {table} AS model, unnest(CAST(:people AS bigint[])) AS person"
            f" WHERE model.{key} = :model"
        ),
        {"people": people, "model": model},
    )


def columns_of(session: Session, table: str) -> list[str]:
    """A table's columns in their order."""
    found = "SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped ORDER BY attnum"
    return list(session.scalars(sa.text(found), {"table": table}))


def stripe_accounts(session: Session) -> None:
    """An account at the sandbox for each payee, like the one that was onboarded by its pages."""
    session.execute(
        sa.text(
            "INSERT INTO sandbox.object (id, kind, created, data)"
            " SELECT p.stripe_id, o.kind, o.created, jsonb_set(o.data, '{id}', to_jsonb(p.stripe_id))"
            " FROM sandbox.object o, payout_account p"
            " WHERE o.kind = 'v2.core.account' AND p.stripe_id LIKE 'acct_chaos%'"
        )
    )


def _bonuses(
    session: Session,
    people: list[int],
    project_id: int,
    asker: Account,
    approver: Account,
    now: datetime,
) -> None:
    session.execute(
        sa.text(
            "INSERT INTO bonus (public_id, project_id, expert_id, currency, minor, reason,"
            " asked_by_id, asked_at, state, decided_by_id, decided_at)"
            " SELECT gen_random_uuid(), :project, person, 'USD', :minor, 'chaos', :asker, :now,"
            " 'approved', :approver, :now FROM unnest(CAST(:people AS bigint[])) AS person"
        ),
        {
            "project": project_id,
            "minor": AMOUNT,
            "asker": asker.id,
            "approver": approver.id,
            "now": now,
            "people": people,
        },
    )
