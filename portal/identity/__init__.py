"""Identity checks: one verification that a person is who they say."""

from portal.identity.queries import verified_check

__all__ = ["verified_check"]
