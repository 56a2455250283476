"""Stripe's `last_error` codes: one plain sentence and one next action for each."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask_babel import LazyString
from flask_babel import lazy_gettext as _


class NextAction(StrEnum):
    """What follows."""

    AGAIN = "again"  # the person can put it right themself
    PAPERS = "papers"  # the person shows their document to people of ours instead
    PERSON = "person"  # a machine can't, so a person of ours looks


@dataclass(frozen=True)
class Explanation:
    """What the person is told."""

    sentence: LazyString
    advice: LazyString
    action: NextAction


def _again(sentence: LazyString, advice: LazyString) -> Explanation:
    return Explanation(sentence, advice, NextAction.AGAIN)


def _person(sentence: LazyString) -> Explanation:
    advice = _("You need do nothing now: a person looks at it and writes to you.")
    return Explanation(sentence, advice, NextAction.PERSON)


def _papers(sentence: LazyString) -> Explanation:
    advice = _("Show your document to two of our people instead, below.")
    return Explanation(sentence, advice, NextAction.PAPERS)


EXPLANATIONS: Final[dict[str, Explanation]] = {
    "abandoned": _again(
        _("The check was left before it was finished."), _("Carry on where you stopped.")
    ),
    "consent_declined": _papers(
        _("You chose not to give your document to Stripe. That is your right.")
    ),
    "country_not_supported": _papers(
        _("Stripe can't check documents of your country by machine yet.")
    ),
    "device_not_supported": _papers(_("Your device can't take the photos that Stripe asks for.")),
    "document_expired": _again(
        _("The document is past its expiry date."),
        _("Try again with a document that is still valid."),
    ),
    "document_type_not_supported": _again(
        _("Stripe can't use that kind of document."),
        _("Try again with a passport, an identity card or a driving licence."),
    ),
    "document_unverified_other": _again(
        _("The photo of the document could not be read well enough."),
        _("Try again in daylight, with all four corners in the picture and no glare."),
    ),
    "email_unverified_other": _again(
        _("Your e-mail address could not be confirmed."),
        _("Try again and enter the code as soon as it arrives."),
    ),
    "email_verification_declined": _again(
        _("You chose not to confirm your e-mail address with Stripe."),
        _("Try again and confirm it, or ask for a person."),
    ),
    "id_number_insufficient_document_data": _again(
        _("The document does not show enough to check your number."),
        _("Try again with another document."),
    ),
    "id_number_mismatch": _again(
        _("The number does not match the name and date of birth on the document."),
        _("Try again and check each digit."),
    ),
    "id_number_unverified_other": _again(
        _("Your number could not be checked."), _("Try again and check each digit.")
    ),
    "phone_unverified_other": _again(
        _("Your phone number could not be confirmed."),
        _("Try again and enter the code as soon as it arrives."),
    ),
    "phone_verification_declined": _again(
        _("You chose not to confirm your phone number with Stripe."),
        _("Try again and confirm it, or ask for a person."),
    ),
    "selfie_document_missing_photo": _again(
        _("The document has no photo of you to compare with."),
        _("Try again with a document that shows your face."),
    ),
    "selfie_face_mismatch": _person(
        _("The machine could not match your photo with the one on the document. That happens.")
    ),
    "selfie_manipulated": _person(
        _("The machine took your photo for an edited one. It is sometimes wrong.")
    ),
    "selfie_unverified_other": _again(
        _("The photo of your face could not be used."),
        _("Try again in daylight, looking straight ahead, without glasses or a hat."),
    ),
    "under_supported_age": _person(
        _("By the document you are below the age from which Stripe checks identities.")
    ),
}

_UNKNOWN: Final = _person(_("Stripe could not finish the check, for a reason that is new to us."))


def explain(code: str) -> Explanation:
    """The code's explanation; a code that Stripe adds later goes to a person."""
    return EXPLANATIONS.get(code, _UNKNOWN)
