"""Builders for accounts, roles and organisations."""

import itertools
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from portal.access import Role
from portal.accounts.models import Account, Grant, Organisation
from portal.decisions import Decision, Letter, Outcome, decide
from portal.ids import uuid7

_numbers: Final = itertools.count(1)


class MakeBase:
    """What every builder needs: the test's session and its instant."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now

    def number(self) -> int:
        """A number that no other row of this process has."""
        return next(_numbers)


class PortalMake(MakeBase):
    """Accounts, roles and organisations."""

    def account(
        self,
        *roles: Role,
        email: str | None = None,
        name: str = "Amara Okafor",
        verified: bool = True,
    ) -> Account:
        """An account holding the roles everywhere."""
        account = Account(
            public_id=uuid7(self.now),
            email=email or f"person{self.number()}@example.org",
            display_name=name,
            created_at=self.now,
        )
        if verified:
            account.verify_email(now=self.now)
        self.session.add(account)
        self.session.flush()
        for role in roles:
            self.grant(account, role)
        return account

    def grant(
        self,
        account: Account,
        role: Role,
        *,
        organisation: Organisation | None = None,
        project_id: int | None = None,
    ) -> Grant:
        """A role, everywhere or in the organisation or project."""
        grant = Grant(
            account_id=account.id,
            role=role,
            granted_at=self.now,
            organisation_id=organisation.id if organisation else None,
            project_id=project_id,
        )
        self.session.add(grant)
        self.session.flush()
        return grant

    def organisation(
        self, *, slug: str | None = None, name: str = "Lantern Social"
    ) -> Organisation:
        """A client."""
        organisation = Organisation(
            slug=slug or f"client-{self.number()}", name=name, created_at=self.now
        )
        self.session.add(organisation)
        self.session.flush()
        return organisation

    def decision(
        self,
        account: Account | None = None,
        *,
        by: Account | None = None,
        outcome: Outcome = Outcome.AGAINST,
        kind: str = "thing.declined",
        evidence: dict[str, Any] | None = None,
        letter: Letter | None = None,
        now: datetime | None = None,
    ) -> Decision:
        """A decision about someone, by someone else, on some evidence."""
        return decide(
            self.session,
            account_id=(account or self.account()).id,
            kind=kind,
            outcome=outcome,
            subject=("thing", 1),
            rule=("things", "1"),
            evidence=evidence or {},
            reason="Twenty of the misses fall under one clause.",
            decided_by=(by or self.account()).id,
            letter=letter,
            now=now or self.now,
        )
