"""Events, as they can be fetched again."""

from portal.stripe.sandbox.desk import Desk, Object


def retrieve(desk: Desk) -> Object:
    """One v1 event."""
    return desk.find("event", desk.ids["id"], thing="event")


def list_(desk: Desk) -> Object:
    """v1 events, newest first."""
    return desk.page("event", "/v1/events", desk.params, {"type": "type"})


def retrieve_thin(desk: Desk) -> Object:
    """One v2 event."""
    return desk.find("v2.core.event", desk.ids["id"], thing="event")


HANDLERS = {
    "stripe._event_service:retrieve": retrieve,
    "stripe._event_service:list": list_,
    "stripe.v2.core._event_service:retrieve": retrieve_thin,
}
