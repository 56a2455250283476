"""Codes from an app, recovery codes, and the roles that wait for them."""

import re
from collections.abc import Callable
from datetime import timedelta

import pyotp
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from portal import clock
from portal.access import Role
from portal.accounts import second_factor
from portal.accounts.models import Account, Authenticator, RecoveryCode
from portal.sealing import Unreadable
from tests.make import Make

Member = Callable[..., Account]


@pytest.fixture
def set_up(session: Session, member: Member) -> Callable[..., tuple[Account, pyotp.TOTP]]:
    """An account whose app was confirmed five steps ago."""

    def _set_up(*roles: Role) -> tuple[Account, pyotp.TOTP]:
        account = member(*roles)
        second_factor.begin(session, account.id, now=clock.now(session))
        app = session.get_one(Authenticator, account.id)
        totp = pyotp.TOTP(s=second_factor.secret_of(app))
        app.take(_step(session) - 5, now=clock.now(session))
        session.flush()
        return account, totp

    return _set_up


def test_a_manager_is_led_to_set_up_an_app_before_the_role_counts(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    manager = member(Role.COMPLIANCE)
    client.post("/sign-in", data={"email": manager.email, "password": password})
    led = client.get("/people/00000000-0000-0000-0000-000000000000")
    assert led.location.startswith("/account/second-factor?next=/people/")
    assert "needs a second factor" in client.get("/").text
    _set_up_by_hand(client, session, manager)
    assert client.get("/people/00000000-0000-0000-0000-000000000000").status_code == 404


def test_setting_up_shows_square_and_key_under_our_policy_and_ten_codes_once(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member()
    client.post("/sign-in", data={"email": account.email, "password": password})
    client.post("/account/second-factor")
    page = client.get("/account/second-factor/set-up").text
    assert "<svg" in page
    assert "style=" not in page
    codes = _codes(_set_up_by_hand(client, session, account).text)
    assert len(codes) == len(set(codes)) == second_factor.RECOVERY_CODES
    again = client.get("/account/second-factor").text
    assert not any(code in again for code in codes)


def test_a_wrong_first_code_confirms_nothing(
    client: FlaskClient, session: Session, member: Member, password: str
) -> None:
    account = member()
    client.post("/sign-in", data={"email": account.email, "password": password})
    client.post("/account/second-factor")
    answer = client.post("/account/second-factor/set-up", data={"code": "000000"})
    assert answer.status_code == 422
    assert not second_factor.confirmed(session, account.id)


def test_with_an_app_the_password_alone_opens_nothing(
    client: FlaskClient,
    session: Session,
    set_up: Callable[..., tuple[Account, pyotp.TOTP]],
    password: str,
) -> None:
    account, totp = set_up(Role.EXPERT)
    answer = client.post("/sign-in", data={"email": account.email, "password": password})
    assert answer.location.startswith("/sign-in/code")
    assert client.get("/account").location.startswith("/sign-in?")
    given = client.post("/sign-in/code", data={"code": totp.generate_otp(_step(session))})
    assert given.location == "/"
    assert client.get("/account").status_code == 200


def test_the_token_of_the_half_sign_in_never_becomes_a_whole_one(
    client: FlaskClient,
    session: Session,
    set_up: Callable[..., tuple[Account, pyotp.TOTP]],
    password: str,
) -> None:
    account, totp = set_up()
    client.post("/sign-in", data={"email": account.email, "password": password})
    half = client.get_cookie("touchstone")
    client.post("/sign-in/code", data={"code": totp.generate_otp(_step(session))})
    assert half is not None
    client.set_cookie("touchstone", half.value)
    assert client.get("/account").status_code == 302


def test_the_same_code_is_refused_the_second_time(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    account, totp = set_up()
    code, now = totp.generate_otp(_step(session)), clock.now(session)
    assert second_factor.give_code(session, account.id, code, now=now)
    assert not second_factor.give_code(session, account.id, code, now=now)


def test_an_older_code_is_refused_after_a_newer_one(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    account, totp = set_up()
    now, step = clock.now(session), _step(session)
    assert second_factor.give_code(session, account.id, totp.generate_otp(step), now=now)
    before = totp.generate_otp(step - 1)
    assert not second_factor.give_code(session, account.id, before, now=now)


@pytest.mark.parametrize(
    ("drift", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_phones_clock_may_be_one_step_off(
    session: Session,
    set_up: Callable[..., tuple[Account, pyotp.TOTP]],
    drift: int,
    taken: bool,
) -> None:
    account, totp = set_up()
    now = clock.now(session)
    code = totp.generate_otp(int(now.timestamp() // 30) + drift)
    assert second_factor.give_code(session, account.id, code, now=now) is taken


def test_a_moved_clock_does_not_confuse_a_phone(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    account, totp = set_up()
    code = totp.generate_otp(_step(session))
    clock.shift(session, timedelta(days=-30))
    session.flush()
    assert second_factor.give_code(session, account.id, code, now=clock.now(session))


def test_a_code_with_spaces_is_the_same_code(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    account, totp = set_up()
    code = totp.generate_otp(_step(session))
    spaced = f" {code[:3]} {code[3:]} "
    assert second_factor.give_code(session, account.id, spaced, now=clock.now(session))


def test_a_recovery_code_signs_in_once(
    client: FlaskClient,
    session: Session,
    set_up: Callable[..., tuple[Account, pyotp.TOTP]],
    password: str,
) -> None:
    account, _ = set_up()
    code = second_factor.new_recovery_codes(session, account.id, now=clock.now(session))[0]
    session.flush()
    for expected in (302, 422):
        client.post("/sign-in", data={"email": account.email, "password": password})
        given = client.post("/sign-in/recovery", data={"code": code.upper()})
        assert given.status_code == expected
        client.post("/sign-out")


def test_a_recovery_code_belongs_to_one_account(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    one, other = set_up()[0], set_up()[0]
    now = clock.now(session)
    code = second_factor.new_recovery_codes(session, one.id, now=now)[0]
    session.flush()
    assert not second_factor.give_recovery_code(session, other.id, code, now=now)


def test_neither_secret_nor_recovery_codes_can_be_read_from_the_database(
    session: Session, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    account, totp = set_up()
    codes = second_factor.new_recovery_codes(session, account.id, now=clock.now(session))
    session.flush()
    sealed = session.scalars(sa.select(Authenticator.sealed)).one()
    assert totp.secret.encode() not in sealed
    hashes = session.scalars(sa.select(RecoveryCode.code_hash)).all()
    assert not any(code.replace("-", "").encode() in one for code in codes for one in hashes)


def test_a_sealed_secret_moved_to_another_account_does_not_open(
    session: Session, make: Make, set_up: Callable[..., tuple[Account, pyotp.TOTP]]
) -> None:
    one, other = set_up()[0], set_up()[0]
    stolen = session.get_one(Authenticator, one.id).sealed
    app = session.get_one(Authenticator, other.id)
    app.sealed = stolen
    with pytest.raises(Unreadable):
        second_factor.secret_of(app)


def test_turning_it_off_takes_the_password_and_a_role_that_does_not_need_it(
    client: FlaskClient,
    session: Session,
    sign_in: Callable[[Account], FlaskClient],
    set_up: Callable[..., tuple[Account, pyotp.TOTP]],
    password: str,
) -> None:
    expert, manager = set_up(Role.EXPERT)[0], set_up(Role.MANAGER)[0]
    off = "/account/second-factor/off"
    assert sign_in(expert).post(off, data={"off-current": "wrong"}).status_code == 403
    assert client.post(off, data={"off-current": password}).status_code == 302
    assert not second_factor.confirmed(session, expert.id)
    assert sign_in(manager).post(off, data={"off-current": password}).status_code == 403
    assert second_factor.confirmed(session, manager.id)


def test_guessing_codes_stops_however_often_one_signs_in_anew(
    client: FlaskClient, set_up: Callable[..., tuple[Account, pyotp.TOTP]], password: str
) -> None:
    account, _ = set_up()
    client.post("/sign-in", data={"email": account.email, "password": password})
    tries = [client.post("/sign-in/code", data={"code": "000000"}).status_code for _ in range(9)]
    assert tries == [422] * 8 + [429]
    client.post("/sign-in", data={"email": account.email, "password": password})
    assert client.post("/sign-in/code", data={"code": "000000"}).status_code == 429


def _set_up_by_hand(client: FlaskClient, session: Session, account: Account) -> TestResponse:
    client.post("/account/second-factor")
    session.expire_all()
    secret = second_factor.secret_of(session.get_one(Authenticator, account.id))
    code = pyotp.TOTP(s=secret).generate_otp(_step(session))
    return client.post("/account/second-factor/set-up", data={"code": code})


def _codes(page: str) -> list[str]:
    return re.findall(r"<code>(\w{5}-\w{5})</code>", page)


def _step(session: Session) -> int:
    real = clock.now(session) - clock.shifted(session)
    return int(real.timestamp() // 30)
