"""How a call to Stripe can fail, told apart by whether it may have taken effect."""


class StripeFault(Exception):
    """A call did not give its answer. Never raised itself, only as one of its children."""

    def __init__(
        self, message: str, *, code: str | None = None, request_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.request_id = request_id


class Refused(StripeFault):
    """Stripe answered that it will not: there was no effect, and the same request would fail again."""


class OutcomeUnknown(StripeFault):
    """The request may or may not have taken effect: look for it before anything else is sent."""


class TryLater(OutcomeUnknown):
    """The last answer was "not now": a rate limit, or something about our own key.

    The library repeats a call by itself, and an earlier try may still have taken effect: hence it
    is an outcome that is unknown.
    """
