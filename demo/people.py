"""Act one: the clients, the people who work for them and for us, and the platform's agreements."""

import re
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from demo import content_files
from demo.content_files import Person
from demo.world import World
from portal import agreements, audit
from portal.access import Role
from portal.accounts import service
from portal.accounts.models import Account, DemoPerson, Grant, Organisation
from portal.accounts.service import Newcomer
from portal.ids import random_id, uuid7
from portal.mail.models import MailMessage
from portal.mail.service import text_of

PLATFORM: Final = ("platform", "privacy-what-we-record", "identity-check")
_CONFIRM: Final = re.compile(r"/sign-up/confirm/(\S+)")


def found(session: Session, world: World, *, now: datetime) -> None:
    """Write the organisations and everybody who decides something down."""
    for row in content_files.organisations():
        organisation = Organisation(slug=row["slug"], name=row["name"], created_at=now)
        session.add(organisation)
        session.flush()
        world.organisations[row["slug"]] = organisation.id
    for position, person in enumerate(content_files.people()):
        if person.applying is None:
            _employ(session, world, person, now=now + timedelta(minutes=position))


def publish_agreements(session: Session, *, now: datetime) -> None:
    """Publish the texts that everybody accepts who comes here."""
    for slug in PLATFORM:
        text = content_files.text("agreements", slug)
        kind, title = text.front["kind"], text.front["title"]
        agreements.publish(session, kind=kind, title=title, body=text.body, now=now)


def arrive(session: Session, world: World, person: Person, *, now: datetime) -> Account:
    """Somebody signs up, opens the letter that we sent, and follows its link."""
    newcomer = Newcomer(
        display_name=person.name,
        email=person.email,
        password=random_id().hex,  # nobody knows it: the demo's sign-in page asks for none
        country=person.country,
        time_zone=person.timezone,
    )
    account = service.sign_up(session, newcomer, next_path=None, now=now)
    if account is None:
        raise ValueError(f"{person.email} stands twice in people.json")
    service.confirm_address(session, _token(session, person), now=now + timedelta(minutes=4))
    world.accounts[person.key] = account.id
    _offer(session, account, person)
    return account


def _employ(session: Session, world: World, person: Person, *, now: datetime) -> None:
    """Add somebody who needs no application."""
    account = Account(
        public_id=uuid7(now),
        email=person.email,
        display_name=person.name,
        created_at=now,
        time_zone=person.timezone,
        country=person.country,
    )
    account.verify_email(now=now)
    session.add(account)
    session.flush()
    world.accounts[person.key] = account.id
    organisation = world.organisations[person.organisation] if person.organisation else None
    for role in person.roles:
        _grant(session, account, role, organisation_id=organisation, now=now)
    _offer(session, account, person)


def _grant(
    session: Session, account: Account, role: Role, *, organisation_id: int | None, now: datetime
) -> None:
    grant = Grant(account_id=account.id, role=role, granted_at=now, organisation_id=organisation_id)
    session.add(grant)
    session.flush()
    audit.record(
        session,
        actor=None,
        action="role.granted",
        subject=("account_grant", grant.id),
        details={"role": role.value},
        now=now,
    )


def _offer(session: Session, account: Account, person: Person) -> None:
    """Put them on the demo's sign-in page, in the order of people.json."""
    if person.shown:
        position = content_files.people().index(person)
        session.add(DemoPerson(account.id, person.line, position))
        session.flush()


def _token(session: Session, person: Person) -> str:
    unsent = sa.select(MailMessage).where(
        MailMessage.recipient == person.email, MailMessage.sent_at.is_(None)
    )
    letter = session.scalars(unsent.order_by(MailMessage.id.desc()).limit(1)).one()
    link = _CONFIRM.search(text_of(letter))
    if link is None:
        raise ValueError(f"the letter to {person.email} has no link")
    return link[1]
