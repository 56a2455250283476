"""What roles are called on screen."""

from collections.abc import Collection
from typing import Final

from flask_babel import lazy_gettext as _

from portal.access import Role

TITLES: Final = {
    Role.ADMIN: _("Administrator"),
    Role.MANAGER: _("Project manager"),
    Role.FINANCE: _("Finance"),
    Role.COMPLIANCE: _("Compliance"),
    Role.POLICY_EXPERT: _("Policy expert"),
    Role.REVIEWER: _("Reviewer"),
    Role.CLIENT_READER: _("Client reader"),
    Role.EXPERT: _("Expert"),
    Role.APPLICANT: _("Applicant"),
}
"""The most telling first."""


def title_of(role: Role) -> str:
    """One role in words."""
    return str(TITLES[role])


def telling(roles: Collection[str | None]) -> str:
    """The most telling of someone's roles, in words."""
    return next((str(word) for role, word in TITLES.items() if role.value in roles), _("Newcomer"))
