"""The tables of the work: projects, offers, tasks, judgments, gold and the clock."""

from tasks.models.claims import ClaimState, Extension, ExtensionState, TimeClaim
from tasks.models.gold import Gold, GoldKey, GoldScore
from tasks.models.guidelines import Clause, Guideline, GuidelineVersion, Policy, PolicyVersion
from tasks.models.imports import UNDER_WAY, ImportState, TaskImport
from tasks.models.names import JobName
from tasks.models.offers import NOTICE, CapsVersion, Rate, RateCard, RateUnit, Terms
from tasks.models.projects import Pool, Project, ProjectState, TaskType
from tasks.models.releases import Release, ReleaseState
from tasks.models.time import (
    Activity,
    Adjustment,
    AdjustmentState,
    BeatKind,
    Heartbeat,
    Segment,
    SessionEnd,
    Timesheet,
    TimesheetState,
    WorkSession,
)
from tasks.models.work import (
    Assignment,
    AssignmentState,
    Draft,
    Enrolment,
    Escalation,
    EscalationState,
    Judgment,
    Source,
    Task,
    TaskPayload,
)

__all__ = [
    "NOTICE",
    "UNDER_WAY",
    "Activity",
    "Adjustment",
    "AdjustmentState",
    "Assignment",
    "AssignmentState",
    "BeatKind",
    "CapsVersion",
    "ClaimState",
    "Clause",
    "Draft",
    "Enrolment",
    "Escalation",
    "EscalationState",
    "Extension",
    "ExtensionState",
    "Gold",
    "GoldKey",
    "GoldScore",
    "Guideline",
    "GuidelineVersion",
    "Heartbeat",
    "ImportState",
    "JobName",
    "Judgment",
    "Policy",
    "PolicyVersion",
    "Pool",
    "Project",
    "ProjectState",
    "Rate",
    "RateCard",
    "RateUnit",
    "Release",
    "ReleaseState",
    "Segment",
    "SessionEnd",
    "Source",
    "Task",
    "TaskImport",
    "TaskPayload",
    "TaskType",
    "Terms",
    "TimeClaim",
    "Timesheet",
    "TimesheetState",
    "WorkSession",
]
