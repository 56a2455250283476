"""The tables of the work: projects, offers, tasks, judgments, gold and the clock."""

from tasks.models.gold import Gold, GoldKey, GoldScore
from tasks.models.guidelines import Clause, Guideline, GuidelineVersion, Policy, PolicyVersion
from tasks.models.imports import ImportState, TaskImport
from tasks.models.names import JobName
from tasks.models.offers import Rate, RateCard, RateUnit, Terms
from tasks.models.projects import Pool, Project, ProjectState, TaskType
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
    "Activity",
    "Adjustment",
    "AdjustmentState",
    "Assignment",
    "AssignmentState",
    "BeatKind",
    "Clause",
    "Draft",
    "Enrolment",
    "Escalation",
    "EscalationState",
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
    "Segment",
    "SessionEnd",
    "Source",
    "Task",
    "TaskImport",
    "TaskPayload",
    "TaskType",
    "Terms",
    "Timesheet",
    "TimesheetState",
    "WorkSession",
]
