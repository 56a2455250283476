"""Whether this process lives, and whether it can serve: /healthz and /readyz."""

from pathlib import Path
from typing import Final

import sqlalchemy as sa
from flask import Flask, Response, jsonify
from sqlalchemy.exc import DBAPIError, OperationalError

from portal import access
from portal.db import engine

VERSIONS: Final = Path(__file__).resolve().parents[2] / "migrations" / "versions"


def install(app: Flask) -> None:
    """Add the two endpoints."""
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)


@access.public
def healthz() -> Response:
    """The process answers."""
    return jsonify(ok=True)


@access.public
def readyz() -> tuple[Response, int]:
    """200 where the database answers and is migrated as far as this code; 503 with the reason."""
    try:
        with engine().connect() as connection:
            found = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    except (OperationalError, DBAPIError):
        return jsonify(ready=False, reason="the database does not answer"), 503
    wanted = newest_revision()
    if found != wanted:
        return jsonify(ready=False, reason=f"migrated to {found}, needs {wanted}"), 503
    return jsonify(ready=True), 200


def newest_revision() -> str:
    """The newest migration this code carries: revisions are named after their ordered files."""
    return max(path.stem for path in VERSIONS.glob("[0-9]*.py"))
