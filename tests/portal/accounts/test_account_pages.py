"""One's own account: details, address, password, devices, records."""

import re
from collections.abc import Callable
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import agreements, clock
from portal.access import Role
from portal.accounts import sign_ins
from portal.accounts.models import Account, SignIn
from portal.mail import MailMessage
from tests.make import Make
from tests.portal.accounts.pages import without_token

Member = Callable[..., Account]
SignInAs = Callable[[Account], FlaskClient]
NEW = "seven copper otters hum 9"


def test_the_overview_names_what_can_be_changed(make: Make, sign_in: SignInAs) -> None:
    page = sign_in(make.account(Role.EXPERT)).get("/account").text
    for part in ("Details", "Second factor", "devices", "What we record about you", "Expert"):
        assert part in page


def test_details_are_changed(session: Session, make: Make, sign_in: SignInAs) -> None:
    account = make.account()
    said = {
        "display_name": " Linh ",
        "country": "VN",
        "time_zone": "Asia/Ho_Chi_Minh",
        "locale": "en",
    }
    assert sign_in(account).post("/account/details", data=said).location == "/account"
    session.refresh(account)
    assert (account.display_name, account.country) == ("Linh", "VN")
    assert account.time_zone == "Asia/Ho_Chi_Minh"


def test_times_are_shown_in_the_persons_own_zone(
    session: Session, make: Make, sign_in: SignInAs
) -> None:
    account = make.account()
    account.time_zone = "Asia/Ho_Chi_Minh"
    session.flush()
    page = sign_in(account).get("/account/devices").text
    local = clock.now(session).astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    assert f"{local:%H}:" in page


def test_changing_the_password_takes_the_old_one_and_signs_other_devices_out(
    client: FlaskClient, session: Session, member: Member, password: str, sign_in: SignInAs
) -> None:
    account = member()
    _device(session, account, "elsewhere")
    sign_in(account)
    wrong = client.post("/account/password", data={"current": "wrong", "password": NEW})
    assert wrong.status_code == 422
    assert "not the password you have now" in wrong.text
    done = client.post("/account/password", data={"current": password, "password": NEW})
    assert done.location == "/account"
    assert client.get("/account").status_code == 200
    live = sign_ins.live(account.id, now=clock.now(session))
    assert [row.device for row in session.scalars(live)] == ["a test"]


def test_a_new_address_counts_once_its_letter_was_answered(
    client: FlaskClient,
    session: Session,
    member: Member,
    password: str,
    sign_in: SignInAs,
    link: Callable[[], str],
    letters: Callable[[], list[MailMessage]],
) -> None:
    account = member(email="old@example.org")
    sign_in(account)
    client.post("/account/e-mail", data={"email": "New@Example.org", "current": password})
    session.refresh(account)
    assert (account.email, letters()[-1].recipient) == ("old@example.org", "new@example.org")
    assert client.get(link()).status_code == 200
    client.post(link())
    session.refresh(account)
    assert (account.email, letters()[-1].recipient) == ("new@example.org", "old@example.org")


def test_an_address_somebody_has_is_not_given_away_and_not_betrayed(
    client: FlaskClient,
    member: Member,
    password: str,
    sign_in: SignInAs,
    letters: Callable[[], list[MailMessage]],
) -> None:
    member(email="taken@example.org")
    sign_in(member())
    taken = client.post("/account/e-mail", data={"email": "taken@example.org", "current": password})
    free = client.post("/account/e-mail", data={"email": "free@example.org", "current": password})
    assert without_token(taken.text).replace("taken@", "free@") == without_token(free.text)
    assert [letter.recipient for letter in letters()] == ["free@example.org"]


def test_a_link_to_change_an_address_works_for_its_own_account_only(
    client: FlaskClient,
    session: Session,
    member: Member,
    password: str,
    sign_in: SignInAs,
    link: Callable[[], str],
) -> None:
    sign_in(member())
    client.post("/account/e-mail", data={"email": "new@example.org", "current": password})
    other = member()
    assert sign_in(other).post(link()).status_code == 409
    session.refresh(other)
    assert other.email != "new@example.org"


def test_devices_are_listed_and_one_can_be_ended(
    session: Session, make: Make, sign_in: SignInAs
) -> None:
    account = make.account()
    stranger = _device(session, account, "Firefox on Windows")
    client = sign_in(account)
    assert "Firefox on Windows" in client.get("/account/devices").text
    client.post(f"/account/devices/{stranger.id}/end")
    assert "Firefox on Windows" not in client.get("/account/devices").text


def test_all_other_devices_can_be_ended_at_once(
    session: Session, make: Make, sign_in: SignInAs
) -> None:
    account = make.account()
    for name in ("one", "two"):
        _device(session, account, name)
    client = sign_in(account)
    client.post("/account/devices/end-others")
    live = sign_ins.live(account.id, now=clock.now(session))
    assert [row.device for row in session.scalars(live)] == ["a test"]


def test_nobody_ends_another_persons_device(
    session: Session, make: Make, sign_in: SignInAs
) -> None:
    theirs = _device(session, make.account(), "theirs")
    sign_in(make.account()).post(f"/account/devices/{theirs.id}/end")
    session.refresh(theirs)
    assert theirs.revoked_at is None


def test_what_is_recorded_is_the_text_in_force_and_the_persons_own_counts(
    session: Session, make: Make, sign_in: SignInAs
) -> None:
    body = "| what | why |\n|---|---|\n| Sign-ins | to know strangers |\n\n<script>x</script>"
    now = clock.now(session)
    agreements.publish(session, kind="privacy", title="What we record", body=body, now=now)
    page = sign_in(make.account()).get("/account/records").text
    assert re.search("<td[^>]*>to know strangers</td>", page)
    assert "<script>x" not in page
    assert "Version 1" in page


def test_old_sign_ins_are_forgotten_when_they_were_kept_long_enough(
    session: Session, make: Make
) -> None:
    account = make.account()
    now = clock.now(session)
    old, recent = (_device(session, account, name) for name in ("old", "recent"))
    old.created_at = old.expires_at = now - sign_ins.KEPT
    old.created_at -= sign_ins.LASTS
    old.expires_at -= sign_ins.LASTS / 2
    session.flush()
    sign_ins.forget(session, now=now)
    assert session.scalars(sa.select(SignIn.device)).all() == [recent.device]


def _device(session: Session, account: Account, name: str) -> SignIn:
    now = clock.now(session)
    sign_ins.start(session, account=account, device=name, second_factor=True, now=now)
    return session.scalars(
        sa.select(SignIn).where(SignIn.device == name, SignIn.account_id == account.id)
    ).one()
