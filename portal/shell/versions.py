"""An address of its own for each content of the static files, so that a browser may keep them for good.

One version stands for the whole folder and comes first in the path: what a style sheet or a module
names beside itself (`./dialog.js`, `../vendor/…woff2`) then has the same version by itself.
"""

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

_ADDRESS: Final = re.compile(r"/static/([0-9a-f]{12})(/.+)")
_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_OUTDATED: Final = "no-cache"


def version_of(folder: Path) -> str:
    """Twelve hex digits that change with any file's name or content."""
    digest = hashlib.sha256()
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{file.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def install(app: Flask) -> None:
    """Give templates `static("js/main.js")`, and serve what it names."""
    version = version_of(Path(app.root_path) / "static")

    def static(path: str) -> str:
        return f"{request.script_root}/static/{version}/{path}"

    app.add_template_global(static)
    app.extensions["static_version"] = version


def versioned(app: WSGIApplication, version: str) -> WSGIApplication:
    """Serve `/static/VERSION/…` as `/static/…`: for good where the version is today's.

    A page from before an upgrade still finds its files, but nobody may keep them under that name.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        found = _ADDRESS.fullmatch(environ.get("PATH_INFO", ""))
        if found is None:
            return app(environ, start_response)
        environ["PATH_INFO"] = f"/static{found[2]}"
        kept = _FOR_GOOD if found[1] == version else _OUTDATED
        return app(environ, _keeping(start_response, kept))

    return serve


def _keeping(start_response: StartResponse, kept: str) -> StartResponse:
    def start(
        status: str, headers: list[tuple[str, str]], error: "OptExcInfo | None" = None, /
    ) -> Callable[[bytes], Any]:
        if status.startswith(("200", "206", "304")):
            headers = [pair for pair in headers if pair[0].lower() != "cache-control"]
            headers.append(("Cache-Control", kept))
        return start_response(status, headers, error)

    return start
