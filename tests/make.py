"""Typed builders: rows with everything filled in that a test is not about."""

from tests.portal.make import PortalMake


class Make(PortalMake):
    """All packages' builders. Each package adds its mixin here."""
