"""What Stripe's schema does not allow, the sandbox refuses as Stripe would."""

import copy
import json
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from portal.settings import Settings
from portal.stripe.client import API_VERSION
from portal.stripe.sandbox import create_sandbox
from tests.portal.stripe import payees
from tests.portal.stripe.conftest import SECRET_KEY, Sandbox

_HEADERS: Final = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Version": API_VERSION}
Error = tuple[int, str | None, str | None]

VERIFICATION: Final = {
    "type": "document",
    "client_reference_id": "check-1",
    "return_url": "https://touchstone.example/identity/return",
    "options[document][require_matching_selfie]": "true",
    "metadata[check]": "1",
}
TRANSFER: Final = {
    "amount": "100",
    "currency": "usd",
    "destination": "acct_nobody",
    "transfer_group": "payout-1",
}
ACCOUNT: Final[dict[str, Any]] = {
    "contact_email": "payee@example.org",
    "dashboard": "express",
    "identity": {"country": "de", "entity_type": "individual"},
    "configuration": {
        "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
    },
    "include": ["requirements"],
}
LINK: Final[dict[str, Any]] = {
    "account": "acct_nobody",
    "use_case": {
        "type": "account_onboarding",
        "account_onboarding": {"refresh_url": "https://touchstone.example/again"},
    },
}


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"typ": "document"}, "parameter_unknown", "typ"),
        ({"options[document][selfie]": "true"}, "parameter_unknown", "options[document][selfie]"),
        (
            {"options[documents][require_live_capture]": "true"},
            "parameter_unknown",
            "options[documents]",
        ),
        ({"stripe_account": "acct_1"}, "parameter_unknown", "stripe_account"),
        ({"idempotency_key": "k"}, "parameter_unknown", "idempotency_key"),
        ({"type": "passport"}, None, "type"),
        ({"type": None}, "parameter_missing", "type"),
        ({"type": ""}, None, "type"),
        ({"verification_flow": "vf_1"}, "parameters_exclusive", None),
        ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
        ({"client_reference_id[a]": "b"}, None, None),
        (
            {"options[document][require_matching_selfie]": "yes"},
            None,
            "options[document][require_matching_selfie]",
        ),
        (
            {"options[document][require_matching_selfie]": "1"},
            None,
            "options[document][require_matching_selfie]",
        ),
        (
            {"options[document][allowed_types][0]": "library_card"},
            None,
            "options[document][allowed_types][0]",
        ),
        (
            {"options[document][allowed_types]": "passport"},
            None,
            "options[document][allowed_types]",
        ),
        ({"provided_details": "me@example.org"}, None, "provided_details"),
        ({"related_person[person]": "person_1"}, "parameter_missing", "related_person[account]"),
        ({"metadata[check]": "x" * 501}, None, "metadata[check]"),
        ({f"metadata[{'k' * 41}]": "x"}, None, "metadata"),
        ({"expand[0]": "verified_outputs.id_number"}, None, "expand"),
        ({"return_url[]": "a"}, None, None),
    ],
)
def test_a_changed_verification_is_refused(
    sandbox: Sandbox, change: dict[str, str | None], code: str | None, param: str | None
) -> None:
    fields = {k: v for k, v in {**VERIFICATION, **change}.items() if v is not None}
    refused = _form(sandbox, "/v1/identity/verification_sessions", fields)
    assert refused[:2] == (400, code)
    assert param is None or refused[2] == param
    assert sandbox.control.objects("identity.verification_session") == []


@pytest.mark.parametrize(
    ("change", "code", "param"),
    [
        ({"amount": "1.5"}, "parameter_invalid_integer", "amount"),
        ({"amount": "ten"}, "parameter_invalid_integer", "amount"),
        ({"amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"amount": "-5"}, "parameter_invalid_integer", "amount"),
        ({"amount": None}, "parameter_missing", "amount"),
        ({"currency": None}, "parameter_missing", "currency"),
        ({"currency": ""}, "parameter_invalid_empty", "currency"),
        ({"currency": "xyz"}, None, "currency"),
        ({"destination": None}, "parameter_missing", "destination"),
        ({"destination": "acct_nobody"}, "resource_missing", "destination"),
        ({"source_type": "cash"}, None, "source_type"),
        ({"group": "payout-1"}, "parameter_unknown", "group"),
        ({"metadata": "payout"}, None, "metadata"),
    ],
)
def test_a_changed_transfer_is_refused(
    sandbox: Sandbox, change: dict[str, str | None], code: str | None, param: str
) -> None:
    fields = {**TRANSFER, "destination": payees.ready(sandbox), **change}
    sent = {k: v for k, v in fields.items() if v is not None}
    status = 404 if code == "resource_missing" else 400
    assert _form(sandbox, "/v1/transfers", sent) == (status, code, param)
    assert sandbox.control.objects("transfer") == []


@pytest.mark.parametrize(
    ("path", "value", "code", "param"),
    [
        ("identity.country", None, "parameter_missing", "identity[country]"),
        ("identity.country", 49, None, "identity[country]"),
        ("identity.entity_type", "robot", None, "identity[entity_type]"),
        ("dashboard", "mobile", None, "dashboard"),
        ("nickname", "x", "parameter_unknown", "nickname"),
        (
            "configuration.recipient.capabilities.stripe_balance.stripe_transfers.requested",
            "true",
            None,
            "configuration[recipient][capabilities][stripe_balance][stripe_transfers][requested]",
        ),
        (
            "configuration.recipient.capabilities.stripe_balance.stripe_transfers",
            {},
            "parameter_missing",
            "configuration[recipient][capabilities][stripe_balance][stripe_transfers][requested]",
        ),
        ("include", "requirements", None, "include"),
        ("include", ["tax"], None, "include[0]"),
    ],
)
def test_a_changed_account_is_refused(
    sandbox: Sandbox, path: str, value: object, code: str | None, param: str
) -> None:
    assert _json(sandbox, "/v2/core/accounts", _with(ACCOUNT, path, value)) == (400, code, param)


@pytest.mark.parametrize(
    ("path", "value", "param"),
    [
        ("account", None, "account"),
        ("use_case.type", None, "use_case[type]"),
        ("use_case.account_onboarding", None, "use_case[account_onboarding]"),
        (
            "use_case.account_onboarding.refresh_url",
            None,
            "use_case[account_onboarding][refresh_url]",
        ),
    ],
)
def test_a_link_without_what_it_needs_is_refused(
    sandbox: Sandbox, path: str, value: object, param: str
) -> None:
    body = _with({**LINK, "account": payees.new(sandbox).id}, path, value)
    assert _json(sandbox, "/v2/core/account_links", body) == (400, "parameter_missing", param)


@pytest.mark.parametrize("limit", ["0", "101", "many"])
def test_a_page_has_one_to_a_hundred_objects(sandbox: Sandbox, limit: str) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/transfers?limit={limit}", headers=_HEADERS)
    assert _error(answer) == (400, "parameter_invalid_integer", "limit")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer sk_test_other", "Basic c2s6"])
def test_a_wrong_key_is_refused(sandbox: Sandbox, header: str) -> None:
    headers = {**_HEADERS, "Authorization": header}
    assert httpx.get(f"{sandbox.base}/v1/balance", headers=headers).status_code == 401


def test_json_is_refused_where_forms_are_sent_and_the_other_way_round(sandbox: Sandbox) -> None:
    assert _json(sandbox, "/v1/transfers", dict(TRANSFER))[0] == 400
    assert _form(sandbox, "/v2/core/accounts", {"contact_email": "a@example.org"})[0] == 400


def test_another_api_version_is_refused(sandbox: Sandbox) -> None:
    headers = {**_HEADERS, "Stripe-Version": "2020-08-27"}
    assert httpx.get(f"{sandbox.base}/v1/balance", headers=headers).status_code == 400


def test_a_route_that_stripe_does_not_have_is_404(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/moneys", headers=_HEADERS)
    assert answer.status_code == 404
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_answers_carry_a_request_id_and_the_version(sandbox: Sandbox) -> None:
    answer = httpx.get(f"{sandbox.base}/v1/balance", headers=_HEADERS)
    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == API_VERSION


def test_the_sandbox_does_not_exist_outside_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO", "0")
    with pytest.raises(RuntimeError, match="only in the demo"):
        create_sandbox(Settings())


def _form(sandbox: Sandbox, path: str, fields: dict[str, str]) -> Error:
    body = "&".join(f"{quote(name)}={quote(text)}" for name, text in fields.items())
    headers = {**_HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
    return _error(httpx.post(sandbox.base + path, content=body, headers=headers))


def _json(sandbox: Sandbox, path: str, body: dict[str, Any]) -> Error:
    headers = {**_HEADERS, "Content-Type": "application/json"}
    return _error(httpx.post(sandbox.base + path, content=json.dumps(body), headers=headers))


def _error(answer: httpx.Response) -> Error:
    error = answer.json().get("error", {})
    return answer.status_code, error.get("code"), error.get("param")


def _with(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """The body with one value changed, or taken out where it is None."""
    made = copy.deepcopy(body)
    *parents, last = path.split(".")
    here = made
    for name in parents:
        here = here[name]
    if value is None:
        here.pop(last)
    else:
        here[last] = value
    return made
