"""Identifiers that leave the server."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from portal.ids import random_id, uuid7

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def test_version_and_variant_are_those_of_rfc_9562() -> None:
    made = uuid7(NOW)
    assert (made.version, made.variant) == (7, uuid4().variant)


def test_the_example_of_the_rfc_comes_out() -> None:
    at = datetime.fromtimestamp(1645557742, tz=UTC)
    entropy = (0xCC3 << 68 | 0x18C4DC0C0C07398F & ((1 << 62) - 1)).to_bytes(10)
    assert uuid7(at, entropy) == UUID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")


@given(st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=3650)))
def test_a_later_id_sorts_after_an_earlier_one(later: timedelta) -> None:
    assert uuid7(NOW, b"\xff" * 10) < uuid7(NOW + later, b"\0" * 10)


def test_the_same_entropy_gives_the_same_id() -> None:
    assert uuid7(NOW, b"0123456789") == uuid7(NOW, b"0123456789")
    assert uuid7(NOW) != uuid7(NOW)


def test_a_random_id_has_no_order_and_no_fixed_bits() -> None:
    made = [random_id().int for _ in range(256)]
    assert len(set(made)) == 256
    always, never = made[0], ~made[0]
    for one in made:
        always, never = always & one, never & ~one
    assert (always, never & ((1 << 128) - 1)) == (0, 0)
