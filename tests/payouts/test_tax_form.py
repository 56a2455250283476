"""Tax forms: only what can be one is taken, nobody reads it without a reason, nothing of it leaks."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from payouts.models import TaxForm, TaxFormKind
from payouts.service import tax
from payouts.service.tax import Certified
from portal.access import Role
from portal.accounts.models import Account
from portal.audit import AuditEvent
from portal.errors import Invalid
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
W8, W9 = TaxFormKind.W8BEN, TaxFormKind.W9


@pytest.mark.parametrize(
    ("kind", "country", "number"),
    [
        (W9, "US", "536-90-4399"),
        (W9, "US", "91-1144442"),
        (W8, "DE", "36 574 261 809"),
        (W8, "IN", "ACUPA7085R"),
        (W8, "GB", "QQ123456C"),
        (W8, "NG", "12345678-0001"),
        (W8, "VN", ""),
    ],
)
def test_what_can_be_a_tax_number_is_taken(kind: TaxFormKind, country: str, number: str) -> None:
    assert tax.number_problem(kind, country, number) is None


@pytest.mark.parametrize(
    ("kind", "country", "number"),
    [
        (W9, "US", ""),
        (W9, "US", "000-12-3456"),
        (W9, "US", "12345678"),
        (W8, "DE", "36574261808"),
        (W8, "PL", "44051401358"),
        (W8, "IN", "ACUPA7085"),
        (W8, "NG", "12"),
    ],
)
def test_what_cannot_be_one_is_refused_in_words(
    kind: TaxFormKind, country: str, number: str
) -> None:
    assert tax.number_problem(kind, country, number) is not None


@pytest.mark.parametrize(("kind", "country"), [(W9, "DE"), (W8, "US")])
def test_the_form_and_the_country_go_together(
    session: Session, make: Make, now: datetime, kind: TaxFormKind, country: str
) -> None:
    with pytest.raises(Invalid, match=r"U\.S\. persons"):
        tax.give(session, make.expert().id, Certified(kind, "A", country, "536904399"), now=now)


def test_a_w8ben_holds_to_the_end_of_the_third_year_after(make: Make) -> None:
    assert make.tax_form(make.expert()).expires_on == date(2029, 12, 31)


def test_another_form_takes_the_place_of_the_last(
    session: Session, make: Make, now: datetime
) -> None:
    expert = make.expert()
    first, second = make.tax_form(expert), make.tax_form(expert)
    assert (first.replaced_at, second.replaced_at) == (now, None)
    assert tax.on_file(session, expert.id, now=now) is second


def test_what_is_on_it_is_sealed_and_read_only_with_a_reason(
    session: Session, make: Make, now: datetime
) -> None:
    form = make.tax_form(make.expert(name="Amara Okafor"))
    stored = session.scalar(sa.select(TaxForm.sealed)) or b""
    assert b"36574261809" not in stored
    assert b"Okafor" not in stored
    reader = make.account(Role.FINANCE).id
    with pytest.raises(Invalid, match="Say why"):
        tax.reveal(session, form, by=reader, why="", now=now)
    said = tax.reveal(session, form, by=reader, why="Year end.", now=now)
    assert said == Certified(W8, "Amara Okafor", "DE", "36574261809")
    session.flush()
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.action == "tax_form.read")).one()
    assert (event.actor_id, event.details) == (reader, {"reason": "Year end."})


def test_an_expert_gives_the_form_in_the_browser(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    expert = make.expert()
    client = sign_in(expert)
    page = client.get("/earnings/tax/").text
    assert "not given yet" in page
    assert "no tax advice" in page
    asked = {"kind": "w8ben", "name": "Amara Okafor", "country": "DE", "certified": "y"}
    for wrong in ({"number": "1"}, {"country": "US"}, {"certified": ""}, {"kind": "other"}):
        assert client.post("/earnings/tax/", data={**asked, **wrong}).status_code == 422
    assert client.post("/earnings/tax/", data=asked).status_code == 303
    page = client.get("/earnings/tax/").text
    assert "W-8BEN, for everybody else" in page
    assert "2029" in page
