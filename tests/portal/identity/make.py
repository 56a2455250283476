"""Builders for identity checks."""

from portal.accounts.models import Account
from portal.identity import consent, service, verdicts
from portal.identity.models import CheckState, IdentityCheck
from portal.ids import random_id
from portal.stripe.verifications import Verification, VerificationStatus
from tests.portal.make import PortalMake


class IdentityMake(PortalMake):
    """Checks in every state, reached by the services and without a network."""

    def identity_check(
        self, account: Account | None = None, *, state: CheckState = CheckState.WAITING
    ) -> IdentityCheck:
        """A check in the state; in review and beyond because of `selfie_face_mismatch`."""
        account = account or self.account()
        version = consent.record(self.session, account_id=account.id, now=self.now)
        check = IdentityCheck(
            public_id=random_id(),
            account_id=account.id,
            consent_id=version.id,
            idempotency_key=random_id(),
            started_at=self.now,
        )
        self.session.add(check)
        self.session.flush()
        self._bring(check, state)
        self.session.flush()
        return check

    def verification(
        self,
        check: IdentityCheck,
        status: VerificationStatus = VerificationStatus.REQUIRES_INPUT,
        *,
        last_error: str | None = None,
        report_id: str | None = None,
        country: str | None = None,
    ) -> Verification:
        """What Stripe could say about the check."""
        return Verification(
            id=check.session_id or f"vs_{check.id}",
            status=status,
            last_error=last_error,
            report_id=report_id,
            country=country,
            reference=str(check.public_id),
            live=False,
            redacted=False,
        )

    def _bring(self, check: IdentityCheck, state: CheckState) -> None:
        if state is CheckState.STARTING:
            return
        said = {
            CheckState.VERIFIED: (VerificationStatus.VERIFIED, None),
            CheckState.PROCESSING: (VerificationStatus.PROCESSING, None),
            CheckState.CANCELED: (VerificationStatus.CANCELED, None),
            CheckState.WAITING: (VerificationStatus.REQUIRES_INPUT, None),
        }
        mismatch = (VerificationStatus.REQUIRES_INPUT, "selfie_face_mismatch")
        status, error = said.get(state, mismatch)
        found = self.verification(check, status, last_error=error, country="KE")
        service.record(self.session, check, found, now=self.now)
        if state is CheckState.NOT_ACCEPTED:
            by = self.account(name="Ines Duarte").id
            verdicts.refuse(
                self.session, check, by=by, reason="The photo shows another person.", now=self.now
            )
