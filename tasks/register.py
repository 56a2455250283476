"""What tasks brings to the shell."""

from datetime import timedelta
from typing import Final

from flask_babel import lazy_gettext as _

from portal.access import Role
from portal.contributions import (
    Contributions,
    NavigationItem,
    Panel,
    ProjectTab,
    ReportSection,
    Sweep,
)
from tasks import panels, reporting
from tasks.models import JobName
from tasks.service import erasure
from tasks.views import (
    approving,
    caps,
    client,
    clock,
    managing,
    pausing,
    projects,
    quality,
    questions,
    reasoning,
    releases,
    time,
    work,
)

_EXPERT: Final = frozenset({Role.EXPERT})
_MANAGER: Final = frozenset({Role.MANAGER})
_READER: Final = frozenset({Role.CLIENT_READER})
_POLICY: Final = frozenset({Role.POLICY_EXPERT})
_LOOKS_AT_PEOPLE: Final = frozenset({Role.MANAGER, Role.REVIEWER, Role.POLICY_EXPERT, Role.ADMIN})


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    contributions.blueprints.extend(
        [
            work.bp,
            clock.bp,
            time.bp,
            quality.bp,
            projects.bp,
            managing.bp,
            questions.bp,
            pausing.bp,
            reasoning.bp,
            releases.bp,
            client.bp,
            approving.bp,
            caps.bp,
        ]
    )
    contributions.navigation.extend(
        [
            NavigationItem(_("Work"), "work.index", _EXPERT, 10, "/work"),
            NavigationItem(_("Quality"), "work_quality.index", _EXPERT, 30, "/quality"),
            NavigationItem(_("Time"), "work_time.index", _EXPERT, 15, "/time"),
            NavigationItem(_("Projects"), "projects.index", _MANAGER, 10, "/projects"),
            NavigationItem(_("Questions"), "questions.index", _POLICY | _MANAGER, 20, "/questions"),
            NavigationItem(_("Your projects"), "client.index", _READER, 10, "/client"),
            NavigationItem(_("Reasoning"), "reasoning.index", _POLICY, 25, "/reasoning"),
        ]
    )
    contributions.home_panels.extend(
        [
            Panel(panels.work_panel, _EXPERT, 10),
            Panel(panels.projects_panel, _MANAGER, 10),
            Panel(panels.client_panel, _READER, 10),
            Panel(panels.questions_panel, _POLICY, 10),
            Panel(panels.week_panel, _EXPERT, 20, wide=False),
            Panel(panels.quality_panel, _EXPERT, 30, wide=False),
        ]
    )
    contributions.person_panels.append(Panel(panels.person_quality_panel, _LOOKS_AT_PEOPLE, 30))
    contributions.people_scopes.append(panels.experts_of_manager)
    contributions.project_tabs.extend(_tabs())
    contributions.report_sections.extend(
        [
            ReportSection("quality", "tasks/report_quality.html", reporting.quality_section, 20),
            ReportSection("work", "tasks/report_work.html", reporting.work_section, 30),
            ReportSection(
                "comparison", "tasks/report_comparison.html", reporting.comparison_section, 50
            ),
        ]
    )
    contributions.clock_badge = panels.clock_badge
    contributions.job_names.append(JobName)
    contributions.job_modules.append("tasks.jobs")
    contributions.sweeps.extend(
        [
            Sweep(JobName.EXPIRE_ASSIGNMENTS, timedelta(minutes=1)),
            Sweep(JobName.END_ABANDONED, timedelta(minutes=5)),
            Sweep(JobName.APPROVE_TIMESHEETS, timedelta(minutes=30)),
            Sweep(JobName.GRANT_EXTENSIONS, timedelta(minutes=30)),
            Sweep(JobName.END_PAUSES, timedelta(minutes=30)),
        ]
    )
    contributions.appeal_listeners.append(JobName.APPEAL_UPHELD)
    contributions.decision_titles |= {
        "tasks.paused": _("New tasks are paused while a person looks"),
        "tasks.resumed": _("New tasks are open again"),
        "tasks.extension": _("No more time for a task this time"),
        "tasks.adjustment": _("Time that was not accepted this time"),
    }
    contributions.erasers.append(erasure.of_account)
    contributions.commands.append("tasks.cli:tasks")


def _tabs() -> list[ProjectTab]:
    names = (
        (_("Overview"), "projects.overview", 10),
        (_("Tasks"), "projects.tasks", 20),
        (_("Time"), "approving.queue", 35),
        (_("People"), "projects.people", 30),
        (_("Quality"), "projects.quality", 40),
        (_("Releases"), "releases.index", 50),
        (_("Guideline"), "projects.guideline", 60),
        (_("Settings"), "projects.settings", 70),
    )
    return [ProjectTab(label, endpoint, _MANAGER, order) for label, endpoint, order in names]
