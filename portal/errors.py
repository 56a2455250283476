"""What can go wrong by the rules of the domain: one sentence for the person, one HTTP status."""

from typing import ClassVar


def marked(text: str) -> str:
    """Mark a text for translators where it is written; it is translated where it is shown."""
    return text


class DomainError(Exception):
    """A rule was broken. The message is shown to the person, in their language where it is known.

    Translators are given whatever stands as a plain text in the call (see `portal.cli.texts`).
    """

    status: ClassVar[int] = 400
    title: ClassVar[str] = marked("That could not be done")

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Invalid(DomainError):
    """What was sent does not make sense; names what and where."""

    status = 422
    title = marked("Something needs correcting")


class Conflict(DomainError):
    """What was asked does not fit the state things are in now."""

    status = 409
    title = marked("That is no longer possible")


class Forbidden(DomainError):
    """The person is known and may not do this."""

    status = 403
    title = marked("You can't do that")


class TooMany(DomainError):
    """Asked too often; waiting helps."""

    status = 429
    title = marked("Too many tries")


class Unavailable(DomainError):
    """Something we depend on does not answer; nothing was changed."""

    status = 503
    title = marked("Not available just now")


class NotFound(DomainError):
    """There is no such thing, or it is not this person's to see: both look the same."""

    status = 404
    title = marked("Page not found")

    def __init__(self, message: str = marked("There is nothing here that you can see.")) -> None:
        super().__init__(message)
