"""Accounts v2 with the recipient configuration, and the links to their hosted onboarding."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final

from portal.stripe.sandbox import complaints
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.desk import Desk, Object, new_id
from portal.stripe.sandbox.wire import Params

_SHOWN_ONLY_IF_INCLUDED: Final = ("configuration", "defaults", "identity", "requirements")
_NOT_SERVED: Final = frozenset({"by", "cu", "ir", "kp", "ru", "sy"})
_LINK_LIVES: Final = timedelta(minutes=5)


class Onboarding(StrEnum):
    """How hosted onboarding can end: the capability's state afterwards."""

    ACTIVE = "active"
    PENDING = "pending"
    RESTRICTED = "restricted"
    REJECTED = "rejected"


_DETAILS: Final[Mapping[str, tuple[str, str]]] = {
    "pending": ("requirements_pending_verification", "no_resolution"),
    "restricted": ("requirements_past_due", "provide_info"),
    "rejected": ("rejected_other", "contact_stripe"),
    "unsupported": ("unsupported_country", "no_resolution"),
}


def create(desk: Desk) -> Object:
    """Make an account; its capabilities wait for onboarding."""
    identity = desk.params.get("identity", {})
    country = identity.get("country")
    recipient = desk.params.get("configuration", {}).get("recipient")
    if recipient is not None and country is None:
        raise complaints.missing("identity[country]")
    if country is not None and (len(country) != 2 or not country.isalpha()):
        raise Complaint(f"Invalid country: {country}", param="identity[country]")
    made = {
        "id": new_id("acct"),
        "object": "v2.core.account",
        "applied_configurations": sorted(desk.params.get("configuration", {})),
        "closed": False,
        "configuration": _configuration(desk.params, country),
        "contact_email": desk.params.get("contact_email"),
        "contact_phone": desk.params.get("contact_phone"),
        "created": desk.stamp,
        "dashboard": desk.params.get("dashboard"),
        "defaults": desk.params.get("defaults"),
        "display_name": desk.params.get("display_name"),
        "identity": {**identity, "country": country.lower()} if country else identity or None,
        "livemode": False,
        "metadata": desk.params.get("metadata", {}),
        "requirements": _requirements(_first_needs() if recipient is not None else []),
    }
    desk.add("v2.core.account", made)
    desk.emit_thin("v2.core.account.created", made["id"], url=_url(made), of="v2.core.account")
    return _shown(made, desk.params)


def retrieve(desk: Desk) -> Object:
    """One account, with the parts that were asked for."""
    return _shown(_find(desk, desk.ids["id"]), desk.params)


def close(desk: Desk) -> Object:
    """Close an account: nothing can be sent to it any more."""
    found = _find(desk, desk.ids["id"])
    found["closed"] = True
    desk.save(found)
    desk.emit_thin("v2.core.account.closed", found["id"], url=_url(found), of="v2.core.account")
    return _shown(found, desk.params)


def create_link(desk: Desk) -> Object:
    """A link to hosted onboarding, good once and for five minutes."""
    found = desk.find("v2.core.account", desk.params["account"], thing="account", param="account")
    case = desk.params["use_case"]
    if case["type"] not in case:
        raise complaints.missing(f"use_case[{case['type']}]")
    link_id = new_id("alnk")
    expires = (desk.now + _LINK_LIVES).isoformat(timespec="milliseconds")
    made = {
        "object": "v2.core.account_link",
        "account": found["id"],
        "created": desk.stamp,
        "expires_at": expires.replace("+00:00", "Z"),
        "livemode": False,
        "url": f"{desk.base}/hosted/onboard/{link_id}",
        "use_case": case,
    }
    desk.add("account_link", {**made, "id": link_id, "used": False})
    return made


def can_receive(account: Object) -> bool:
    """Whether transfers may be sent to the account."""
    return not account["closed"] and _transfers(account).get("status") == "active"


def onboard(desk: Desk, account: Object, outcome: Onboarding) -> Object:
    """What Stripe makes of what the person entered."""
    transfers = _transfers(account)
    transfers.update(_capability(outcome))
    needs = _first_needs() if outcome is Onboarding.RESTRICTED else []
    if outcome is Onboarding.ACTIVE:
        _bank_account(desk, account)
    account["requirements"] = _requirements(needs)
    desk.save(account)
    desk.emit_thin(
        "v2.core.account[configuration.recipient].capability_status_updated",
        account["id"],
        url=_url(account),
        of="v2.core.account",
    )
    return account


def list_external(desk: Desk) -> Object:
    """The bank accounts behind an account; each onboarding enters another, and only the last stays."""
    account = _find(desk, desk.ids["account"])
    url = f"/v1/accounts/{account['id']}/external_accounts"
    held = [account["id"] + ":" + str(account["banks"])] if account.get("banks") else []
    data = [desk.find("bank_account", held_id, thing="bank_account") for held_id in held]
    return {"object": "list", "data": data, "has_more": False, "url": url}


def _bank_account(desk: Desk, account: Object) -> None:
    """What the person entered on the hosted page: the sandbox makes the number up each time."""
    account["banks"] = account.get("banks", 0) + 1
    made = {
        "id": f"{account['id']}:{account['banks']}",
        "object": "bank_account",
        "account": account["id"],
        "country": (account["identity"] or {}).get("country", "us").upper(),
        "currency": "usd",
        "fingerprint": new_id("fp"),
        "last4": f"{account['banks']:04d}",
        "status": "new",
    }
    desk.add("bank_account", made)


def _find(desk: Desk, account_id: str) -> Object:
    return desk.find("v2.core.account", account_id, thing="account")


def _shown(account: Object, params: Params) -> Object:
    """Without `include`, v2 answers null for the larger parts."""
    included = {name.split(".")[0] for name in params.get("include", ())}
    hidden = {name: None for name in _SHOWN_ONLY_IF_INCLUDED if name not in included}
    return {**{name: part for name, part in account.items() if name != "banks"}, **hidden}


def _configuration(params: Params, country: str | None) -> Object:
    asked = params.get("configuration", {})
    made: dict[str, Any] = {"customer": None, "merchant": None, "recipient": None}
    if "recipient" in asked:
        wanted = asked["recipient"].get("capabilities", {}).get("stripe_balance", {})
        served = (country or "").lower() not in _NOT_SERVED
        state = _capability("restricted" if served else "unsupported")
        transfers = state if wanted.get("stripe_transfers", {}).get("requested") else None
        made["recipient"] = {
            "applied": True,
            "capabilities": {"stripe_balance": {"stripe_transfers": transfers}},
        }
    return made


def _transfers(account: Object) -> Object:
    recipient = account["configuration"]["recipient"] or {}
    found = recipient.get("capabilities", {}).get("stripe_balance", {}).get("stripe_transfers")
    return found or {}


def _capability(status: str) -> Object:
    details = []
    if status in _DETAILS:
        code, resolution = _DETAILS[status]
        details = [{"code": code, "resolution": resolution}]
    return {"status": str(status), "status_details": details}


def _first_needs() -> list[str]:
    return [
        "configuration.recipient.default_outbound_destination",
        "identity.individual.address",
        "identity.individual.date_of_birth",
        "identity.individual.given_name",
        "identity.individual.surname",
    ]


def _requirements(needs: list[str]) -> Object:
    entries = [
        {
            "awaiting_action_from": "user",
            "description": need,
            "errors": [],
            "impact": {"restricts_capabilities": []},
            "minimum_deadline": {"status": "currently_due"},
            "requested_reasons": [{"code": "routine_onboarding"}],
        }
        for need in needs
    ]
    return {"entries": entries, "summary": None}


def _url(account: Object) -> str:
    return f"/v2/core/accounts/{account['id']}"


HANDLERS = {
    "stripe.v2.core._account_service:create": create,
    "stripe.v2.core._account_service:retrieve": retrieve,
    "stripe.v2.core._account_service:close": close,
    "stripe.v2.core._account_link_service:create": create_link,
    "stripe._account_external_account_service:list": list_external,
}
