"""What the codes of a case are called on the pages."""

from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _

from portal.identity.models import CaseReason, EvidenceKind, NameMatch, OpinionVerdict, ViewReason

REASONS: Final[dict[CaseReason, LazyString]] = {
    CaseReason.ERROR: _("The machine could not say yes"),
    CaseReason.ATTEMPTS: _("Several attempts failed"),
    CaseReason.DECLINED: _("Does not want Stripe to have the document"),
    CaseReason.UNSUPPORTED: _("Stripe does not serve their country or device"),
    CaseReason.NO_SESSION: _("Stripe would not begin the check"),
    CaseReason.ASKED: _("Asked for a person"),
    CaseReason.TWICE: _("Looks like somebody we know by another account"),
    CaseReason.AGE: _("By the document they are not of age"),
    CaseReason.EXPIRED: _("The last check is too old, and no new one was begun"),
}
NAMES: Final[dict[NameMatch, LazyString]] = {
    NameMatch.SAME: _("the same as the account's"),
    NameMatch.SIMILAR: _("partly the same as the account's"),
    NameMatch.DIFFERENT: _("written differently than the account's"),
}
KINDS: Final[dict[EvidenceKind, LazyString]] = {
    EvidenceKind.DOCUMENT_FRONT: _("Front of the document"),
    EvidenceKind.DOCUMENT_BACK: _("Back of the document"),
    EvidenceKind.PORTRAIT: _("Face beside the document"),
    EvidenceKind.OTHER: _("Something else"),
    EvidenceKind.WORDS: _("A message"),
}
VIEWS: Final[dict[ViewReason, LazyString]] = {
    ViewReason.DECIDE: _("to decide the case"),
    ViewReason.APPEAL: _("to answer an appeal"),
    ViewReason.SUBJECT: _("because the person asked"),
    ViewReason.ORDER: _("because an authority may demand it"),
}
OPINIONS: Final[dict[OpinionVerdict, LazyString]] = {
    OpinionVerdict.ACCEPT: _("Accepts"),
    OpinionVerdict.REFUSE: _("Does not accept"),
}
