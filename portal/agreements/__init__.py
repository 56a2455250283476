"""Agreements: immutable versions, recorded acceptances."""

from portal.agreements.models import Acceptance, AgreementVersion
from portal.agreements.service import accept, accepted, current, publish

__all__ = ["Acceptance", "AgreementVersion", "accept", "accepted", "current", "publish"]
