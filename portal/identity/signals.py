"""What is made of a document's data while it passes through: three answers, then it is forgotten.

Nothing here keeps, logs or raises anything that it was given.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pydantic import SecretStr

from portal.identity.models import Feature, NameMatch
from portal.sealing import blind_index
from portal.stripe.verifications import Shown

ADULT: Final = 18
"""From this age on people may work here."""


@dataclass(frozen=True)
class Digest:
    """A feature of the person under one version of the key."""

    feature: Feature
    key_version: int
    value: bytes  # 32 bytes


@dataclass(frozen=True)
class Signals:
    """What we keep of what Stripe saw; None is "not known", which never counts against anybody."""

    name_match: NameMatch | None = None
    of_age: bool | None = None
    digests: tuple[Digest, ...] = ()
    """Under every version of the key, the newest first: the newest is kept, all are looked up."""


def derive(
    shown: Shown, *, account_name: str, today: date, keys: Mapping[int, SecretStr]
) -> Signals:
    """Compare and digest what the document shows; `keys` by version, the newest first."""
    return Signals(
        name_match=_name_match(shown.name, account_name),
        of_age=None if shown.born is None else _age(shown.born, today) >= ADULT,
        digests=tuple(_digests(shown, keys)),
    )


def _name_match(on_document: str | None, on_account: str) -> NameMatch | None:
    """People write names in many ways: order, accents and case do not count."""
    theirs, ours = _parts(on_document or ""), _parts(on_account)
    if not theirs or not ours:
        return None
    if theirs == ours:
        return NameMatch.SAME
    return NameMatch.SIMILAR if theirs & ours else NameMatch.DIFFERENT


def _parts(name: str) -> frozenset[str]:
    """A name's words without accents and case."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return frozenset(re.findall(r"\w+", bare))


def _age(born: date, today: date) -> int:
    """Whole years; whoever was born on 29 February is a year older from 1 March."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _digests(shown: Shown, keys: Mapping[int, SecretStr]) -> list[Digest]:
    features = {Feature.DOCUMENT: _document(shown), Feature.PERSON: _person(shown)}
    return [
        Digest(feature, version, blind_index(value, key=key, purpose=f"identity:{feature}"))
        for feature, value in features.items()
        if value is not None
        for version, key in keys.items()
    ]


def _document(shown: Shown) -> str | None:
    """Country, kind and number: unique for one document."""
    number = re.sub(r"[^0-9A-Z]", "", (shown.number or "").upper())
    if not number:
        return None
    return _digested(shown.country or "", shown.kind or "", number)


def _person(shown: Shown) -> str | None:
    """Name and date of birth: the same for somebody's other documents, and now and then by chance."""
    parts = _parts(shown.name or "")
    if not parts or shown.born is None:
        return None
    return _digested(shown.born.isoformat(), *sorted(parts))


def _digested(*parts: str) -> str:
    """One text of fixed length, in which the parts cannot run into one another."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
