"""Typed builders: rows with everything filled in that a test is not about."""

from tests.exams.make import ExamsMake
from tests.payouts.make import PayoutsMake
from tests.portal.identity.make import IdentityMake
from tests.tasks.make import TasksMake


class Make(PayoutsMake, ExamsMake, IdentityMake, TasksMake):
    """All packages' builders. Each package adds its mixin here."""
