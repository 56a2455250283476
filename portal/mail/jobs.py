"""Sending letters: to files in the demo, by SMTP elsewhere."""

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from portal import clock, settings
from portal.db import reading, transaction
from portal.jobs import job
from portal.mail.models import JobName, MailMessage
from portal.mail.service import text_of


@job(JobName.SEND)
def send_message(row_id: int) -> None:
    """Send one letter.

    Safe to run twice: one that was sent is left alone, and one that was sent but not written down
    goes out again under the same Message-ID, which mail systems fold into one.
    """
    with reading() as session:
        message = session.get(MailMessage, row_id)
        if message is None or message.sent_at is not None:  # its reader's data was erased meanwhile
            return
        letter = _letter(message)
    _deliver(letter)
    with transaction() as session:
        if sent := session.get(MailMessage, row_id, with_for_update=True):
            sent.sent(now=clock.now(session))


def _letter(message: MailMessage) -> EmailMessage:
    config = settings.load()
    letter = EmailMessage()
    letter["From"] = config.mail_from
    letter["To"] = message.recipient
    letter["Subject"] = message.subject
    letter["Date"] = format_datetime(message.queued_at)
    domain = parseaddr(config.mail_from)[1].partition("@")[2]
    letter["Message-ID"] = f"<{message.message_id}@{domain}>"
    letter.set_content(text_of(message))
    return letter


def _deliver(letter: EmailMessage) -> None:
    if settings.load().mail_backend == "file":
        _to_file(letter)
    else:
        _by_smtp(letter)


def _to_file(letter: EmailMessage) -> None:
    folder = settings.load().data_dir / "mail"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = letter["Message-ID"].strip("<>").partition("@")[0]
    (folder / f"{name}.eml").write_bytes(letter.as_bytes())


def _by_smtp(letter: EmailMessage) -> None:
    config = settings.load()
    context = ssl.create_default_context()
    host = config.smtp_host or ""  # settings insist on one where mail goes by SMTP
    with _smtp(host, config.smtp_port, context, tls=config.smtp_security == "tls") as server:
        if config.smtp_security == "starttls":
            server.starttls(context=context)
        if config.smtp_user and config.smtp_password:
            server.login(config.smtp_user, config.smtp_password.get_secret_value())
        server.send_message(letter)


def _smtp(host: str, port: int, context: ssl.SSLContext, *, tls: bool) -> smtplib.SMTP:
    if tls:
        return smtplib.SMTP_SSL(host, port, timeout=30, context=context)
    return smtplib.SMTP(host, port, timeout=30)
