"""`touchstone identity`: what an operator does about identities without a page."""

import click

from portal import audit, clock, connections
from portal.accounts.models import AccountState
from portal.accounts.queries import by_email
from portal.db import lock, one_or_404, transaction
from portal.errors import DomainError
from portal.identity import erasure


@click.group()
def identity() -> None:
    """Identity checks."""


@identity.command()
@click.argument("email")
@click.confirmation_option(
    prompt="This closes the account for good and has Stripe erase what it knows. Go on?"
)
def forget(email: str) -> None:
    """Close EMAIL's account and forget their identity, because they asked for it.

    Digests and what they handed in go at once; Stripe may take four days, and a worker asks until
    it has. That they were verified, and when, stays: what they have earned is still paid.
    """
    connections.as_worker()
    try:
        _forget(email)
    except DomainError as error:
        raise click.ClickException(error.message) from error
    click.echo("Closed. What Stripe knows is being erased; see identity_check.erased in the audit.")


def _forget(email: str) -> None:
    with transaction() as session:
        account = lock(session, one_or_404(session, by_email(email)))
        now = clock.now(session)
        if account.state is not AccountState.CLOSED:
            account.close()
            subject = ("account", account.id)
            audit.record(session, actor=None, action="account.closed", subject=subject, now=now)
        erasure.ask(session, account_id=account.id, now=now)
