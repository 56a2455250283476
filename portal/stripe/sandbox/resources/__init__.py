"""What the sandbox can be asked: one function for each route it serves."""

from collections.abc import Callable, Mapping
from typing import Final

from portal.stripe.sandbox.desk import Desk, Object
from portal.stripe.sandbox.resources import accounts, balance, events, transfers, verifications

Handler = Callable[[Desk], Object]

HANDLERS: Final[Mapping[str, Handler]] = {
    **accounts.HANDLERS,
    **balance.HANDLERS,
    **events.HANDLERS,
    **transfers.HANDLERS,
    **verifications.HANDLERS,
}
"""By the method of the package's service class: `stripe._transfer_service:create`."""
