"""How Stripe says no: one exception, shaped as its API shapes errors."""

from typing import Any


class Complaint(Exception):
    """An error answer. `saved` says whether Stripe would keep it under the idempotency key."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        saved: bool = False,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.kind = kind
        self.code = code
        self.param = param
        self.saved = saved

    def body(self, request_id: str) -> dict[str, Any]:
        """The JSON that goes out."""
        error = {
            "type": self.kind,
            "message": self.message,
            "code": self.code,
            "param": self.param,
            "doc_url": f"https://docs.stripe.com/error-codes/{self.code.replace('_', '-')}"
            if self.code
            else None,
            "request_log_url": f"https://dashboard.stripe.com/test/logs/{request_id}",
        }
        return {"error": {name: value for name, value in error.items() if value is not None}}


def unknown(param: str) -> Complaint:
    """A parameter that the route does not have."""
    message = f"Received unknown parameter: {param}"
    return Complaint(message, code="parameter_unknown", param=param)


def missing(param: str) -> Complaint:
    """A parameter that must be there."""
    return Complaint(f"Missing required param: {param}.", code="parameter_missing", param=param)


def mistyped(kind: str, param: str, got: object, code: str | None = None) -> Complaint:
    """A value that is not what the parameter takes."""
    return Complaint(f"Invalid {kind}: {got}", code=code, param=param)


def empty(param: str) -> Complaint:
    """An empty text where Stripe would have to forget a value that cannot be forgotten."""
    return Complaint(
        f"You passed an empty string for '{param}'. We assume empty values are an attempt to unset"
        f" a parameter; however '{param}' cannot be unset. You should remove '{param}' from your"
        " request or supply a non-empty value.",
        code="parameter_invalid_empty",
        param=param,
    )


def no_such(thing: str, object_id: str, param: str = "id") -> Complaint:
    """Nothing is called that, or it is not ours."""
    return Complaint(
        f"No such {thing}: '{object_id}'", status=404, code="resource_missing", param=param
    )
