"""Transfers v1 and their reversals."""

from portal.stripe.sandbox import complaints
from portal.stripe.sandbox.complaints import Complaint
from portal.stripe.sandbox.desk import Desk, Object, new_id
from portal.stripe.sandbox.resources import balance
from portal.stripe.sandbox.resources.accounts import can_receive
from portal.stripe.sandbox.wire import Params

_CURRENCIES = frozenset({"usd", "eur", "gbp", "cad", "chf", "jpy", "kwd", "aud", "inr", "brl"})
_LARGEST = 99_999_999_99


def create(desk: Desk) -> Object:
    """Move money from our balance to an account that can receive it."""
    amount, currency = _amount(desk.params), _currency(desk.params)
    destination = desk.find(
        "v2.core.account", desk.params["destination"], thing="destination", param="destination"
    )
    if not can_receive(destination):
        raise Complaint(
            "Your destination account needs to have at least one of the following capabilities"
            " enabled: transfers, crypto_transfers, legacy_payments",
            code="insufficient_capabilities_for_transfer",
            saved=True,
        )
    balance.take(desk, amount, currency)
    transfer_id = new_id("tr")
    made = {
        "id": transfer_id,
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "balance_transaction": new_id("txn"),
        "created": desk.seconds,
        "currency": currency,
        "description": desk.params.get("description"),
        "destination": desk.params["destination"],
        "destination_payment": new_id("py"),
        "livemode": False,
        "metadata": desk.params.get("metadata", {}),
        "reversals": _reversals(transfer_id, []),
        "reversed": False,
        "source_transaction": desk.params.get("source_transaction"),
        "source_type": desk.params.get("source_type", "card"),
        "transfer_group": desk.params.get("transfer_group"),
    }
    desk.add("transfer", made)
    desk.emit("transfer.created", made)
    return made


def retrieve(desk: Desk) -> Object:
    """One transfer."""
    return _find(desk, desk.ids["transfer"])


def update(desk: Desk) -> Object:
    """Change what is noted about a transfer."""
    found = _find(desk, desk.ids["transfer"])
    if "description" in desk.params:
        found["description"] = desk.params["description"] or None
    if "metadata" in desk.params:
        merged = (
            {**found["metadata"], **(desk.params["metadata"] or {})}
            if desk.params["metadata"]
            else {}
        )
        found["metadata"] = {key: text for key, text in merged.items() if text != ""}
    desk.save(found)
    desk.emit("transfer.updated", found)
    return found


def list_(desk: Desk) -> Object:
    """Transfers, newest first, of a group or to a destination."""
    filters = {"transfer_group": "transfer_group", "destination": "destination"}
    return desk.page("transfer", "/v1/transfers", desk.params, filters)


def reverse(desk: Desk) -> Object:
    """Bring all of a transfer back, or a part."""
    found = _find(desk, desk.ids["id"])
    left = found["amount"] - found["amount_reversed"]
    amount = _amount(desk.params) if "amount" in desk.params else left
    if left == 0 or amount > left:
        raise Complaint(
            f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})",
            param="amount",
            saved=True,
        )
    balance.give_back(desk, amount, found["currency"])
    made = {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "balance_transaction": new_id("txn"),
        "created": desk.seconds,
        "currency": found["currency"],
        "destination_payment_refund": new_id("pyr"),
        "metadata": desk.params.get("metadata", {}),
        "source_refund": None,
        "transfer": found["id"],
    }
    desk.add("transfer_reversal", made)
    found["amount_reversed"] += amount
    found["reversed"] = found["amount_reversed"] == found["amount"]
    found["reversals"] = _reversals(found["id"], [made, *found["reversals"]["data"]])
    desk.save(found)
    desk.emit("transfer.reversed", found)
    return made


def list_reversals(desk: Desk) -> Object:
    """The reversals of one transfer, newest first."""
    found = _find(desk, desk.ids["id"])
    return desk.page(
        "transfer_reversal",
        found["reversals"]["url"],
        {**desk.params, "transfer": found["id"]},
        {"transfer": "transfer"},
    )


def _find(desk: Desk, transfer_id: str) -> Object:
    return desk.find("transfer", transfer_id, thing="transfer", param="transfer")


def _reversals(transfer_id: str, made: list[Object]) -> Object:
    url = f"/v1/transfers/{transfer_id}/reversals"
    return {"object": "list", "data": made[:10], "has_more": len(made) > 10, "url": url}


def _amount(params: Params) -> int:
    """The schema leaves `amount` optional; Stripe itself does not."""
    if "amount" not in params:
        raise complaints.missing("amount")
    amount = int(params["amount"])
    if amount < 1:
        raise Complaint(
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if amount > _LARGEST:
        raise Complaint("Amount is too large.", code="amount_too_large", param="amount")
    return amount


def _currency(params: Params) -> str:
    currency = str(params["currency"]).lower()
    if currency not in _CURRENCIES:
        raise Complaint(
            f"Invalid currency: {currency}. Stripe currently supports these currencies:"
            f" {', '.join(sorted(_CURRENCIES))}",
            param="currency",
        )
    return currency


HANDLERS = {
    "stripe._transfer_service:create": create,
    "stripe._transfer_service:retrieve": retrieve,
    "stripe._transfer_service:update": update,
    "stripe._transfer_service:list": list_,
    "stripe._transfer_reversal_service:create": reverse,
    "stripe._transfer_reversal_service:list": list_reversals,
}
