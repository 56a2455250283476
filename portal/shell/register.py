"""What portal.shell brings to the shell."""

from flask_babel import lazy_gettext as _

from portal.access import Role
from portal.contributions import Contributions, NavigationItem
from portal.shell import home, operations, styleguide


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.extend([home.bp, operations.bp, styleguide.bp])
    admin = frozenset({Role.ADMIN})
    contributions.navigation.extend(
        [
            NavigationItem(_("Jobs"), "operations.jobs", admin, order=91, section="/admin/jobs"),
            NavigationItem(
                _("Audit"), "operations.audit_list", admin, order=92, section="/admin/audit"
            ),
        ]
    )
