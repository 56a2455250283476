"""What the acts of the seeding share: the seed, the calendar, and who and what exists so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from sqlalchemy.orm import Session

from demo import content_files
from demo.clockwork import Calendar
from demo.content_files import Person
from portal.accounts.models import Account
from portal.stripe.sandbox.serving import Served
from tasks.models import Project


@dataclass
class World:
    """The demo as it comes into being. Ids by the content's own keys."""

    seed: int
    calendar: Calendar
    stripe: Served
    """Stripe's stand-in, and the buttons of its pages."""
    thinness: float = 1.0
    """Share of the usual amount of work: tests make a smaller world."""
    accounts: dict[str, int] = field(default_factory=dict)
    organisations: dict[str, int] = field(default_factory=dict)
    projects: dict[str, int] = field(default_factory=dict)

    def random(self, *about: object) -> Random:
        """A generator of its own for each purpose: one more draw here moves nothing there."""
        return Random(":".join(str(part) for part in (self.seed, *about)))  # noqa: S311

    def account(self, session: Session, key: str) -> Account:
        """Someone's account."""
        return session.get_one(Account, self.accounts[key])

    def project(self, session: Session, slug: str) -> Project:
        """A project."""
        return session.get_one(Project, self.projects[slug])

    @property
    def experts(self) -> Mapping[str, Person]:
        """Those who work."""
        return {person.key: person for person in content_files.people() if person.work}
