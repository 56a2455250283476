"""Builders for identity checks."""

from portal.accounts.models import Account
from portal.identity import by_hand, cases, consent, evidence, service, verdicts
from portal.identity.models import (
    CaseReason,
    CheckState,
    EvidenceKind,
    IdentityCheck,
    OpinionVerdict,
)
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
        version = consent.record(self.session, consent.STRIPE, account_id=account.id, now=self.now)
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

    def identity_case_by_hand(
        self, account: Account | None = None, *, words: str = "My passport is at the embassy."
    ) -> IdentityCheck:
        """A check that two people of ours decide: the person has written to us and is done."""
        check = self.identity_check(account, state=CheckState.EVIDENCE)
        evidence.hand_in(self.session, check, EvidenceKind.WORDS, words.encode(), now=self.now)
        evidence.finish(self.session, check, now=self.now)
        self.session.flush()
        return check

    def refused_by_two(self, check: IdentityCheck) -> tuple[Account, Account]:
        """Two people who do not accept a check by hand."""
        two = (self.account(name="Ines Duarte"), self.account(name="Leila Haddad"))
        for by in two:
            by_hand.give_opinion(
                self.session,
                check,
                by=by.id,
                verdict=OpinionVerdict.REFUSE,
                reason="The photo shows another person.",
                now=self.now,
            )
        self.session.flush()
        return two

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
            redacting=False,
            redacted=False,
        )

    def record(self, check: IdentityCheck, found: Verification) -> None:
        """Let Stripe have said it."""
        service.record(self.session, check, found, now=self.now)
        self.session.flush()

    def _bring(self, check: IdentityCheck, state: CheckState) -> None:
        if state is CheckState.STARTING:
            return
        if state is CheckState.EVIDENCE:
            cases.ask_for_evidence(self.session, check, CaseReason.ASKED, now=self.now)
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
