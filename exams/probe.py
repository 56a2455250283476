"""Asking our own web from the worker: an outside call, so never inside a transaction."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Final
from urllib.parse import urlsplit

from portal import settings
from portal.db import in_transaction

_PATIENCE: Final = 3.0  # seconds
_SERVER_ERROR: Final = 500


def web_answers() -> bool:
    """Whether the web and its database answer at `BASE_URL`.

    False may also mean that this machine cannot ask it, so only what was reached once counts as
    gone (`exams.service.outages.beat`).
    """
    if in_transaction():
        raise RuntimeError("the web is asked between transactions")
    address = urlsplit(settings.load().base_url)
    kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
    asked = kind(address.hostname or "", address.port, timeout=_PATIENCE)
    try:
        asked.request("GET", f"{address.path.rstrip('/')}/readyz")
        return asked.getresponse().status < _SERVER_ERROR
    except (OSError, HTTPException):
        return False
    finally:
        asked.close()
