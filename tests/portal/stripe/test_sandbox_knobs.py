"""What else the sandbox can be told: a standing rate limit, slow redaction, keys, whose papers."""

import httpx
import pytest

from portal.stripe import accounts, balance, client, verifications
from portal.stripe.errors import OutcomeUnknown, TryLater
from portal.stripe.sandbox.control import Knob
from portal.stripe.sandbox.hosted import LEFT
from portal.stripe.sandbox.resources.accounts import Onboarding
from portal.stripe.sandbox.resources.verifications import CANARY_NUMBER
from portal.stripe.verifications import Shown
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import IDENTITY_KEY, SECRET_KEY, Sandbox


def seen(**fields: str) -> Shown:
    """What Stripe shows of a session that was verified with these fields of the hosted page."""
    made = verifications.create(
        reference="c", return_url="http://127.0.0.1:1/", idempotency_key=str(fields)
    )
    page = verifications.hosted_url(made.id) or ""
    payees.submit(page, {"outcome": "verified", "country": "KE", **fields})
    return verifications.look(made.id)


def test_beyond_the_rate_requests_are_refused_until_the_second_is_over(sandbox: Sandbox) -> None:
    sandbox.control.turn(Knob.RATE, 1)
    answers = []
    for _ in range(4):
        try:
            balance.available()
            answers.append("answered")
        except TryLater as fault:
            answers.append(fault.code or "")
    assert "rate_limit" in answers
    sandbox.control.turn(Knob.RATE, 0)
    assert balance.available()


def test_redaction_takes_as_long_as_the_knob_says(sandbox: Sandbox) -> None:
    sandbox.control.turn(Knob.REDACTION_TIME, 3600)
    made = verifications.create(reference="c", return_url="http://a/", idempotency_key="k")
    asked = verifications.redact(made.id, idempotency_key="r")
    assert (asked.redacting, asked.redacted) == (True, False)
    assert not verifications.retrieve(made.id).redacted


def test_only_the_restricted_key_is_shown_birth_and_number(sandbox: Sandbox) -> None:
    shown = seen(name="Wanjiru Kamau")
    assert (shown.name, shown.country, shown.kind) == ("Wanjiru Kamau", "KE", "passport")
    assert shown.born is not None
    assert (shown.number or "").startswith(CANARY_NUMBER)
    client.connect(SECRET_KEY, sandbox.base)
    plain = seen(name="Otieno Odhiambo")
    assert (plain.name, plain.born, plain.number) == ("Otieno Odhiambo", None, None)


def test_the_secret_key_may_not_expand_what_is_sensitive(sandbox: Sandbox) -> None:
    made = verifications.create(reference="c", return_url="http://a/", idempotency_key="k")
    address = f"{sandbox.base}/v1/identity/verification_sessions/{made.id}"
    query = {"expand[0]": "verified_outputs.dob"}
    codes = {
        key: httpx.get(address, params=query, headers={"Authorization": f"Bearer {key}"})
        for key in (SECRET_KEY, IDENTITY_KEY)
    }
    assert [answer.status_code for answer in codes.values()] == [403, 200]


@pytest.mark.parametrize("path", ["/v1/balance", "/v1/transfers", "/v1/events"])
def test_the_restricted_key_may_do_nothing_else(sandbox: Sandbox, path: str) -> None:
    headers = {"Authorization": f"Bearer {IDENTITY_KEY}"}
    assert httpx.get(f"{sandbox.base}{path}", headers=headers).status_code == 403


def test_a_restricted_key_that_is_refused_is_an_outcome_to_try_again(sandbox: Sandbox) -> None:
    client.connect(SECRET_KEY, sandbox.base, identity_key="rk_test_wrong")
    with pytest.raises(OutcomeUnknown):
        seen()


def test_shared_papers_are_the_same_for_all_and_own_ones_are_nobody_elses(
    sandbox: Sandbox,
) -> None:
    assert sandbox.base
    shared = {seen(papers="shared", name=name).number for name in ("A A", "B B")}
    own = {seen(papers="own", name=name).number for name in ("C C", "D D")}
    assert (len(shared), len(own)) == (1, 2)


@pytest.mark.parametrize("outcome", [*Onboarding, LEFT])
def test_every_end_of_onboarding_is_on_its_page_and_spends_the_link(
    sandbox: Sandbox, outcome: str
) -> None:
    account = payees.new(sandbox)
    link = accounts.onboarding_link(
        account.id, return_url="http://127.0.0.1:1/back", refresh_url="http://127.0.0.1:1/again"
    )
    assert f'value="{outcome}"' in httpx.get(link).text
    assert payees.submit(link, {"outcome": outcome}) == "http://127.0.0.1:1/back"
    assert payees.submit(link, {"outcome": outcome}) == "http://127.0.0.1:1/again"
    state = accounts.retrieve(account.id).transfers
    assert state == (account.transfers if outcome == LEFT else outcome)
