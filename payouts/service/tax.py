"""Tax forms: checked for form, kept sealed, read with a recorded reason. We file nothing and advise nobody."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session
from stdnum import get_cc_module
from stdnum.exceptions import ValidationError
from stdnum.us import ein, itin, ssn

from payouts.models import JobName, TaxForm, TaxFormKind
from payouts.queries import runs as queries
from portal import audit, settings
from portal.accounts.models import Account
from portal.db import lock
from portal.errors import Invalid
from portal.ids import random_id
from portal.jobs import enqueue
from portal.sealing import seal, unseal

_NUMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "AR": ("cuit",), "AT": ("tin",), "AU": ("tfn", "abn"), "BE": ("ssn", "vat"), "BR": ("cpf",),
    "CA": ("sin",), "CL": ("rut",), "CO": ("nit",), "CZ": ("rc", "dic"), "DE": ("idnr",), "DK": ("cpr",),
    "EG": ("tn",), "ES": ("nif", "dni"), "FI": ("hetu",), "FR": ("nif",), "GB": ("utr",), "GH": ("tin",),
    "HU": ("anum",), "ID": ("npwp",), "IN": ("pan",), "IT": ("codicefiscale",), "KE": ("pin",),
    "MX": ("rfc",), "NL": ("bsn",), "PL": ("pesel", "nip"), "PT": ("nif",), "RO": ("cnp", "cf"),
    "SE": ("personnummer",), "TR": ("tckimlik", "vkn"), "VN": ("mst",), "ZA": ("tin", "idnr"),
}  # fmt: skip
"""By country, python-stdnum's modules for the numbers its people are taxed under. For a country that
is not here, and for Britons (who may give a National Insurance number), only the length is checked."""
_ANY_FORM: Final = frozenset({"GB"})
_US: Final = (ssn, itin, ein)


@dataclass(frozen=True)
class Certified:
    """What a person put on the form."""

    kind: TaxFormKind
    name: str
    country: str
    """Two letters: where they are resident for tax."""
    number: str
    """The tax number; empty where a W-8BEN gives none."""


def on_file(session: Session, account_id: int, *, now: datetime) -> TaxForm | None:
    """The person's form that is good today; None where there is none or it has expired."""
    found = current(session, account_id)
    return found if found is not None and found.holds(now.date()) else None


def current(session: Session, account_id: int) -> TaxForm | None:
    """The form the person gave last, good or expired."""
    mine = sa.select(TaxForm).where(TaxForm.account_id == account_id, TaxForm.replaced_at.is_(None))
    return session.scalar(mine)


def give(session: Session, account_id: int, said: Certified, *, now: datetime) -> TaxForm:
    """Keep a form in place of the last; money that waited for it goes out.

    Raises `Invalid`, with what to mend, where a number cannot be one or the form is for others.
    """
    content = _checked(said)
    lock(session, session.get_one(Account, account_id))
    if before := current(session, account_id):
        before.replace(now=now)
        session.flush()
    public_id = random_id()
    row = f"tax_form:{public_id}"
    form = TaxForm(
        public_id=public_id,
        account_id=account_id,
        kind=said.kind,
        sealed=seal(json.dumps(content).encode(), key=settings.load().personal_key, row=row),
        signed_at=now,
        expires_on=date(now.year + 3, 12, 31) if said.kind is TaxFormKind.W8BEN else None,
    )
    session.add(form)
    session.flush()
    _recorded(session, form, "tax_form.given", by=account_id, now=now)
    for payout_id in session.scalars(queries.held_of(account_id)):
        enqueue(session, JobName.SEND_PAYOUT, payout_id, now=now)
    return form


def reveal(session: Session, form: TaxForm, *, by: int, why: str, now: datetime) -> Certified:
    """What is on the form, for somebody with a reason, which is recorded."""
    if not why.strip():
        raise Invalid("Say why you need to read it.")
    _recorded(session, form, "tax_form.read", by=by, now=now, reason=why.strip())
    said = json.loads(unseal(form.sealed, key=settings.load().personal_key, row=form.row))
    return Certified(form.kind, said["name"], said["country"], said["number"])


def number_problem(kind: TaxFormKind, country: str, number: str) -> str | None:
    """What is wrong with the tax number, in words; None where it can be one."""
    if kind is TaxFormKind.W9:
        if any(module.is_valid(number) for module in _US):
            return None
        return "Enter a Social Security number, an ITIN or an EIN: nine digits, as on your papers."
    if not number:
        return None
    known = [get_cc_module(country.lower(), name) for name in _NUMBERS.get(country, ())]
    if any(module is not None and _fits(module.validate, number) for module in known):
        return None
    free = (not known or country in _ANY_FORM) and 4 <= len(number) <= 30
    return (
        None if free else "This cannot be a tax number of that country. Look for a missing digit."
    )


def _fits(validate: Callable[[str], Any], number: str) -> bool:
    try:
        validate(number)
    except ValidationError:
        return False
    return True


def _checked(said: Certified) -> dict[str, str]:
    name, number = said.name.strip(), said.number.strip()
    if not name:
        raise Invalid("Enter your name as it is on your tax papers.")
    if (said.country == "US") != (said.kind is TaxFormKind.W9):
        raise Invalid("A W-9 is for U.S. persons, a W-8BEN for everybody else.")
    if problem := number_problem(said.kind, said.country, number):
        raise Invalid(problem)
    return {"name": name, "country": said.country, "number": number}


def _recorded(
    session: Session, form: TaxForm, action: str, *, by: int, now: datetime, **details: str
) -> None:
    subject = ("tax_form", form.id)
    audit.record(session, actor=by, action=action, subject=subject, now=now, details={**details})
