"""What exams brings to the shell."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import lazy_gettext as _

from exams import panels, reporting
from exams.models import Application, JobName
from exams.service import erasure
from exams.service.accommodations import DECLINED
from exams.views import (
    accommodations,
    adaptive,
    applying,
    bank,
    deciding,
    flags,
    forms,
    gates,
    grading,
    managing,
    measuring,
    openings,
    rescoring,
    results,
    self_identifying,
    sitting,
    standards,
)
from portal.access import Role
from portal.accounts.models import Grant
from portal.contributions import Contributions, NavigationItem, Panel, ReportSection, Sweep


def register(contributions: Contributions) -> None:
    """Add this package's pages, jobs and panels."""
    blueprints = [openings.bp, applying.bp, deciding.bp, sitting.bp, results.bp, managing.bp]
    contributions.blueprints += blueprints
    contributions.blueprints += [adaptive.bp, gates.bp, bank.bp, grading.bp, forms.bp]
    contributions.blueprints += [measuring.bp, self_identifying.bp]
    contributions.blueprints += [
        accommodations.bp,
        accommodations.desk,
        rescoring.bp,
        standards.bp,
        flags.bp,
    ]
    _navigation(contributions)
    _panels(contributions)
    contributions.job_names.append(JobName)
    contributions.job_modules += [
        "exams.calibration_jobs",
        "exams.fairness_jobs",
        "exams.design_jobs",
        "exams.forensic_jobs",
        "exams.measuring_jobs",
        "exams.jobs",
        "exams.scoring_jobs",
    ]
    contributions.sweeps.append(Sweep(JobName.SUBSCORES, timedelta(days=1)))
    contributions.sweeps.append(Sweep(JobName.CUT_QUALITY, timedelta(days=1)))
    contributions.sweeps.append(Sweep(JobName.FORENSICS, timedelta(days=1)))
    contributions.sweeps.append(Sweep(JobName.CALIBRATE, timedelta(days=1)))
    contributions.sweeps.append(Sweep(JobName.FAIRNESS, timedelta(days=1)))
    contributions.identity_listeners.append(JobName.IDENTITY_SETTLED)
    contributions.appeal_listeners.append(JobName.APPEAL_UPHELD)
    contributions.erasers.append(erasure.of_account)
    contributions.sweeps.append(Sweep(JobName.SWEEP, timedelta(minutes=1)))
    contributions.commands.append("exams.cli:exams")
    contributions.people_scopes.append(applicants)
    contributions.report_sections.append(
        ReportSection("qualifications", "exams/report_qualifications.html", reporting.section, 10)
    )
    contributions.confidential_decisions.add(DECLINED)
    contributions.subject_pages["attempt"] = deciding.page_of
    contributions.record_panels.append(Panel(panels.recorded, frozenset(), order=40))
    contributions.decision_titles |= {
        "exam.passed": _("You passed the exam"),
        "exam.not_passed": _("Not passed this time"),
        "application.approved": _("Your application is accepted"),
        "application.may_go_on": _("You can go on with your application"),
        "application.not_accepted": _("Not accepted this time"),
        "qualification.revoked": _("A qualification was taken back"),
        DECLINED: _("Not arranged this time"),
    }


def applicants(viewer_id: int) -> sa.Select[int]:
    """Whoever applied, for those who decide about applications everywhere."""
    decides = sa.select(Grant.id).where(
        Grant.account_id == viewer_id,
        Grant.role.in_([Role.MANAGER, Role.REVIEWER]),
        Grant.revoked_at.is_(None),
        Grant.organisation_id.is_(None),
    )
    return sa.select(Application.account_id).where(decides.exists())


def _navigation(contributions: Contributions) -> None:
    applicant = frozenset({Role.APPLICANT})
    decides = frozenset({Role.MANAGER, Role.REVIEWER})
    contributions.navigation += [
        NavigationItem(_("Application"), "applying.mine", applicant, 62, "/applications"),
        NavigationItem(_("Exams"), "sitting.mine", applicant, 64, "/exams"),
        NavigationItem(
            _("Exam time"),
            "exam_time_desk.overview",
            frozenset({Role.COMPLIANCE}),
            62,
            "/compliance/accommodations",
        ),
        NavigationItem(_("Applications"), "deciding.queue", decides, 50, "/applications"),
        NavigationItem(
            _("Grading"), "exam_grading.queue", frozenset({Role.REVIEWER}), 52, "/exams/grading"
        ),
        NavigationItem(_("Exams"), "exam_managing.overview", decides, 55, "/exams"),
    ]


def _panels(contributions: Contributions) -> None:
    applicant, expert = frozenset({Role.APPLICANT}), frozenset({Role.EXPERT})
    decides = frozenset({Role.MANAGER, Role.REVIEWER})
    contributions.start_panels.append(Panel(panels.start, frozenset(), order=10))
    contributions.home_panels += [
        Panel(panels.next_step, applicant, order=10),
        Panel(panels.qualifications, expert, order=60, wide=False),
        Panel(panels.waiting, decides, order=40, wide=False),
    ]
    contributions.person_panels.append(Panel(panels.person_results, decides, order=20))
