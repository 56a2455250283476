"""What is made of a document's data: three answers, from which nothing can be read back."""

import base64
from datetime import date
from typing import Any, Final

import pytest
from pydantic import SecretStr

from portal.identity import same_person, signals
from portal.identity.models import Feature, NameMatch
from portal.identity.signals import Signals
from portal.settings import Settings
from portal.stripe.verifications import Shown

TODAY: Final = date(2026, 11, 23)


def key(number: int) -> str:
    """A key of 32 equal bytes."""
    return base64.urlsafe_b64encode(bytes([number]) * 32).decode().rstrip("=")


KEYS: Final = {1: SecretStr(key(1))}


def shown(**changes: Any) -> Shown:  # noqa: ANN401 - any field
    """What a passport shows."""
    usual = {
        "name": "Amara Okafor",
        "born": date(1990, 5, 17),
        "country": "NG",
        "kind": "passport",
        "number": "A 123-456",
    }
    return Shown(**{**usual, **changes})


def derived(keys: dict[int, SecretStr] | None = None, **changes: Any) -> Signals:  # noqa: ANN401
    """What is made of it for an account called Amara Okafor."""
    return signals.derive(
        shown(**changes), account_name="Amara Okafor", today=TODAY, keys=keys or KEYS
    )


def digest(feature: Feature, **changes: Any) -> bytes:  # noqa: ANN401
    """The feature's digest."""
    return next(d.value for d in derived(**changes).digests if d.feature is feature)


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("Amara Okafor", NameMatch.SAME),
        ("OKAFOR, Amara", NameMatch.SAME),
        ("Ámara  Okáfor", NameMatch.SAME),
        ("Amara Chioma Okafor", NameMatch.SIMILAR),
        ("Amara Eze", NameMatch.SIMILAR),
        ("Leila Haddad", NameMatch.DIFFERENT),
        ("阿玛拉", NameMatch.DIFFERENT),
        ("", None),
        (None, None),
    ],
)
def test_names_are_compared_without_order_accents_and_case(
    name: str | None, match: NameMatch | None
) -> None:
    assert derived(name=name).name_match is match


@pytest.mark.parametrize(
    ("born", "of_age"),
    [
        (date(2008, 11, 23), True),  # eighteen today
        (date(2008, 11, 24), False),  # tomorrow
        (date(1904, 2, 29), True),
        (None, None),
    ],
)
def test_of_age_is_eighteen_and_unknown_is_unknown(born: date | None, of_age: bool | None) -> None:
    assert derived(born=born).of_age is of_age


def test_whoever_was_born_on_leap_day_is_of_age_from_the_first_of_march() -> None:
    born = shown(born=date(2008, 2, 29))
    found = [
        signals.derive(born, account_name="A", today=day, keys=KEYS).of_age
        for day in (date(2026, 2, 28), date(2026, 3, 1))
    ]
    assert found == [False, True]


def test_the_same_document_has_one_digest_however_its_number_is_written() -> None:
    assert digest(Feature.DOCUMENT) == digest(Feature.DOCUMENT, number="a123456", name="Other")


@pytest.mark.parametrize(
    "changes", [{"number": "A123457"}, {"country": "GH"}, {"kind": "id_card"}, {"number": "A12345"}]
)
def test_another_document_has_another_digest(changes: dict[str, str]) -> None:
    assert digest(Feature.DOCUMENT) != digest(Feature.DOCUMENT, **changes)


def test_the_same_person_has_one_digest_whatever_the_document() -> None:
    other = {"number": "Z9", "country": "GH", "kind": "id_card", "name": "OKAFOR Ámara"}
    assert digest(Feature.PERSON) == digest(Feature.PERSON, **other)
    assert digest(Feature.PERSON) != digest(Feature.PERSON, born=date(1990, 5, 18))


def test_what_stripe_does_not_tell_has_no_digest() -> None:
    assert derived(number=None, born=None).digests == ()
    assert [d.feature for d in derived(number="--").digests] == [Feature.PERSON]


def test_each_key_gives_other_digests_and_without_it_nothing_can_be_guessed() -> None:
    two = {2: SecretStr(key(2)), 1: SecretStr(key(1))}
    found = derived(two).digests
    assert [d.key_version for d in found] == [2, 1, 2, 1]
    assert len({d.value for d in found}) == 4
    assert all(len(d.value) == 32 for d in found)


def test_what_was_shown_says_nothing_of_itself_when_it_is_printed() -> None:
    printed = f"{shown()} {shown()!r} {[shown()]}"
    assert "Amara" not in printed
    assert "1990" not in printed
    assert "A 123" not in printed


def test_keys_come_newest_first_and_version_zero_is_derived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert list(same_person.keys(Settings())) == [0]
    monkeypatch.setenv("IDENTITY_INDEX_KEYS", f"1:{key(1)},2:{key(2)}")
    assert list(same_person.keys(Settings())) == [2, 1, 0]


@pytest.mark.parametrize("wrong", ["abc", "0:" + key(1), "1:short", f"1:{key(1)};2:{key(2)}", "1:"])
def test_keys_that_cannot_be_read_stop_the_start(
    monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("IDENTITY_INDEX_KEYS", wrong)
    with pytest.raises(ValueError, match="IDENTITY_INDEX_KEYS"):
        Settings()
