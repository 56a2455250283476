"""What must not be read from a dump, and cannot be moved to another row."""

import base64

import pytest
from pydantic import SecretStr

from portal.sealing import Unreadable, blind_index, seal, unseal

KEY = SecretStr(base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("="))
OTHER = SecretStr(base64.urlsafe_b64encode(bytes(32)).decode())


def test_what_is_sealed_comes_back_for_its_row_and_key() -> None:
    sealed = seal(b"Amara Okafor", key=KEY, row="person:1")
    assert b"Amara" not in sealed
    assert unseal(sealed, key=KEY, row="person:1") == b"Amara Okafor"


def test_the_same_text_is_sealed_differently_each_time() -> None:
    assert seal(b"x", key=KEY, row="a") != seal(b"x", key=KEY, row="a")


@pytest.mark.parametrize("row", ["person:2", "person:11", "mail:1", ""])
def test_it_cannot_be_moved_to_another_row(row: str) -> None:
    sealed = seal(b"secret", key=KEY, row="person:1")
    with pytest.raises(Unreadable, match="cannot unseal"):
        unseal(sealed, key=KEY, row=row)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(Unreadable):
        unseal(seal(b"secret", key=KEY, row="a"), key=OTHER, row="a")


def test_any_changed_bit_is_noticed() -> None:
    sealed = seal(b"secret", key=KEY, row="a")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Unreadable):
            unseal(bytes(changed), key=KEY, row="a")


def test_a_blind_index_finds_the_same_value_and_tells_purposes_and_keys_apart() -> None:
    found = blind_index("4242", key=KEY, purpose="card")
    assert found == blind_index("4242", key=KEY, purpose="card")
    assert found != blind_index("4242", key=KEY, purpose="phone")
    assert found != blind_index("4242", key=OTHER, purpose="card")


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        seal(b"x", key=SecretStr("c2hvcnQ"), row="a")
