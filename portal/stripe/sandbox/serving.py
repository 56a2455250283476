"""The sandbox for as long as something runs that has no web server: the demo's seeding."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session
from werkzeug.serving import WSGIRequestHandler, make_server

from portal import clock
from portal.settings import Settings
from portal.stripe import client
from portal.stripe.sandbox.app import build
from portal.stripe.sandbox.config import Config, from_settings
from portal.stripe.sandbox.control import Control
from portal.stripe.sandbox.desk import Desk, new_id
from portal.stripe.sandbox.resources import accounts, verifications
from portal.stripe.sandbox.resources.accounts import Onboarding


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing to say: the caller shows its own progress."""


@dataclass(frozen=True)
class Served:
    """A sandbox that answers, and its back door."""

    control: Control
    config: Config

    def settle(
        self, session_id: str, outcome: str, *, country: str, name: str | None = None
    ) -> None:
        """End a hosted identity page, with an `Outcome` or an error code."""
        with Session(self.config.engine) as session, session.begin():
            desk = self._desk(session)
            found = verifications.find(desk, session_id)
            verifications.settle(desk, found, outcome, country=country, name=name)

    def onboard(self, account_id: str, outcome: Onboarding = Onboarding.ACTIVE) -> None:
        """End a hosted onboarding."""
        with Session(self.config.engine) as session, session.begin():
            desk = self._desk(session)
            account = desk.find("v2.core.account", account_id, thing="account")
            accounts.onboard(desk, account, outcome)

    def _desk(self, session: Session) -> Desk:
        base, now = self.config.base, clock.now(session)
        return Desk(session.connection(), now, base, new_id("req"))


@contextmanager
def served(settings: Settings) -> Iterator[Served]:
    """Serve the sandbox on a free port of loopback and point this process's door at it.

    Links that it hands out name the address where the demo will be served. Events wait until then.
    Raises `RuntimeError` outside the demo.
    """
    config = from_settings(settings)
    app = build(config)
    app.extensions["deliverer"].stop()
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, name="sandbox", daemon=True)
    thread.start()
    here = f"http://127.0.0.1:{server.server_port}"
    client.connect(config.secret_key, here, identity_key=config.identity_key)
    try:
        yield Served(app.extensions["control"], config)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        config.engine.dispose()
        client.connect(config.secret_key, settings.stripe_base, identity_key=config.identity_key)
