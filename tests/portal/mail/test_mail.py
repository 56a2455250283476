"""Letters: queued with the act, sealed until sent, recognised when sent twice."""

import email.policy
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, mail, settings
from portal.jobs import OutboxRow
from portal.mail import MailMessage, jobs
from portal.mail.service import text_of


def test_a_letter_is_queued_and_sealed(session: Session) -> None:
    message = _send(session)
    assert message.sealed is not None
    assert b"one-time secret" not in message.sealed
    assert text_of(message) == "Your one-time secret"
    row = session.scalars(sa.select(OutboxRow)).one()
    assert (row.name, row.row_id) == ("mail.send", message.id)


def test_the_file_backend_writes_a_letter_that_mail_programs_read(
    session: Session, tmp_path: Path
) -> None:
    message = _send(session)
    jobs.send_message(message.id)
    (file,) = (tmp_path / "mail").iterdir()
    letter = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert (letter["To"], letter["Subject"]) == ("a@example.org", "Häuser")
    assert file.parent.stat().st_mode & 0o077 == 0


def test_what_it_said_is_forgotten_once_it_was_sent(session: Session) -> None:
    message = _send(session)
    jobs.send_message(message.id)
    session.refresh(message)
    assert (message.sealed, message.sent_at is None) == (None, False)
    with pytest.raises(ValueError, match="wiped"):
        text_of(message)


def test_sending_twice_sends_once(session: Session, tmp_path: Path) -> None:
    message = _send(session)
    jobs.send_message(message.id)
    (file,) = (tmp_path / "mail").iterdir()
    before = file.stat().st_mtime_ns
    jobs.send_message(message.id)
    assert [one.stat().st_mtime_ns for one in (tmp_path / "mail").iterdir()] == [before]


def test_a_letter_that_goes_out_again_has_the_same_message_id(session: Session) -> None:
    message = _send(session)
    first, second = jobs._letter(message), jobs._letter(message)
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"] == f"<{message.message_id}@touchstone.example>"


def test_a_subject_cannot_smuggle_in_another_header(session: Session) -> None:
    with pytest.raises(ValueError, match="one line"):
        mail.send(
            session,
            to="a@example.org",
            subject="Hi\nBcc: b@example.org",
            body="x",
            now=clock.now(session),
        )


def test_the_database_refuses_a_sent_letter_that_still_says_something(session: Session) -> None:
    message = _send(session)
    message.sent_at = clock.now(session)
    with pytest.raises(IntegrityError, match="sealed_until_sent"):
        session.flush()


class Post:
    """A mail server that keeps what it is given; the outside world, so it may be faked."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.letters: list[EmailMessage] = []

    def __enter__(self) -> "Post":
        """Open the line."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""

    def starttls(self, *, context: object) -> None:
        """Go on encrypted."""
        self.log.append("starttls")

    def login(self, user: str, _password: str) -> None:
        """Say who we are."""
        self.log.append(f"login {user}")

    def send_message(self, letter: EmailMessage) -> None:
        """Take a letter."""
        self.letters.append(letter)


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """Settings for SMTP, and the server behind them."""
    server = Post()
    for name, value in {
        "MAIL_BACKEND": "smtp",
        "SMTP_HOST": "mail.example.org",
        "SMTP_USER": "touchstone",
        "SMTP_PASSWORD": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    settings.load.cache_clear()
    monkeypatch.setattr(smtplib, "SMTP", lambda *_args, **_kwargs: server)
    yield server
    settings.load.cache_clear()


def test_by_smtp_the_line_is_encrypted_before_we_say_who_we_are(
    session: Session, post: Post
) -> None:
    jobs.send_message(_send(session).id)
    assert post.log == ["starttls", "login touchstone"]
    assert post.letters[0]["To"] == "a@example.org"
    assert post.letters[0].get_content().strip() == "Your one-time secret"


def _send(session: Session) -> MailMessage:
    return mail.send(
        session,
        to="a@example.org",
        subject="Häuser",
        body="Your one-time secret",
        now=clock.now(session),
    )
