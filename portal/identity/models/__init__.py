"""The tables of identity checks: the check itself, what is handed to people, who looked and why."""

from portal.identity.models.check import (
    BY_MACHINE,
    OPEN,
    RENEWAL,
    CaseReason,
    CheckState,
    IdentityCheck,
    JobName,
    NameMatch,
    Route,
)
from portal.identity.models.evidence import (
    EvidenceKind,
    EvidenceView,
    IdentityEvidence,
    IdentityOpinion,
    OpinionVerdict,
    ViewReason,
)
from portal.identity.models.index import Feature, IdentityIndex

__all__ = [
    "BY_MACHINE",
    "OPEN",
    "RENEWAL",
    "CaseReason",
    "CheckState",
    "EvidenceKind",
    "EvidenceView",
    "Feature",
    "IdentityCheck",
    "IdentityEvidence",
    "IdentityIndex",
    "IdentityOpinion",
    "JobName",
    "NameMatch",
    "OpinionVerdict",
    "Route",
    "ViewReason",
]
