"""How passwords are kept and weighed."""

import pytest
from argon2 import PasswordHasher

from portal.accounts import passwords


def test_a_password_is_kept_as_argon2id_with_its_own_salt() -> None:
    first, second = passwords.stretch("same words"), passwords.stretch("same words")
    assert first.startswith("$argon2id$")
    assert first != second


def test_only_the_right_password_matches() -> None:
    encoded = passwords.stretch("right")
    assert passwords.matches(encoded, "right")
    assert not passwords.matches(encoded, "wrong")
    assert not passwords.matches("not a hash", "right")


def test_nobodys_hash_costs_as_much_as_anybodys() -> None:
    assert not passwords.outdated(passwords._NOBODYS)
    assert not passwords.matches(None, "x")


def test_a_hash_stretched_less_wants_stretching_again() -> None:
    assert passwords.outdated(PasswordHasher(time_cost=1, memory_cost=1024).hash("x"))


@pytest.mark.parametrize("weak", ["password", "qwerty123", "Amara1990", "a"])
def test_a_guessable_password_is_refused_with_advice(weak: str) -> None:
    found = passwords.weakness(weak, about=["Amara Okafor"])
    assert found is not None
    assert "too easy to guess" in str(found)
    assert len(str(found)) > len("This password is too easy to guess.")


def test_a_hard_password_has_no_weakness() -> None:
    assert passwords.weakness("brass lantern vexing 41 otters", about=["Amara"]) is None


def test_what_is_known_about_a_person_makes_a_password_easier() -> None:
    name = "Zubenelgenubi Quixwater"
    assert passwords.weakness("zubenelgenubi", about=[]) is None
    assert passwords.weakness("zubenelgenubi", about=name.split()) is not None


def test_a_very_long_password_is_weighed_in_no_time() -> None:
    assert passwords.weakness("kx9 vw3 " * 25, about=[]) is None
