"""Styles and scripts at a third of their size: packed when first asked for, served from memory.

Only files that hold nothing of anybody are packed: a page that mixes secrets with what an outsider
sent must not be (BREACH).
"""

import gzip
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from portal.shell.safety import HEADERS

_IMPORT: Final = re.compile(r'@import url\("([\w-]+\.css)"\);')
_KINDS: Final = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class _Packed:
    content: bytes
    kind: str
    tag: str


def compressed(app: WSGIApplication, folder: Path, *, prefix: str, max_age: int) -> WSGIApplication:
    """Serve the folder's text files compressed where the browser takes gzip; the rest is `app`'s."""
    files = {f"{prefix}{file.relative_to(folder)}": file for file in _texts(folder)}

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        file = files.get(request.path)
        if file is None or not request.accept_encodings["gzip"] or request.method != "GET":
            return app(environ, start_response)
        return _answer(_pack(file), request, max_age)(environ, start_response)

    return serve


def _texts(folder: Path) -> Iterable[Path]:
    return (file for file in folder.rglob("*") if file.suffix in _KINDS)


@cache
def _pack(file: Path) -> _Packed:
    content = gzip.compress(_text(file).encode(), mtime=0)
    return _Packed(content, _KINDS[file.suffix], hashlib.sha256(content).hexdigest()[:32])


def _text(file: Path) -> str:
    """The file; a style sheet with its imports inside it, which saves each of them a round trip."""
    text = file.read_text("utf-8")
    if file.suffix != ".css":
        return text
    return _IMPORT.sub(lambda found: _text(file.parent / found[1]), text)


def _answer(packed: _Packed, request: Request, max_age: int) -> Response:
    response = Response(packed.content, mimetype=packed.kind)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.update(HEADERS)
    response.headers["Vary"] = "Accept-Encoding"
    response.cache_control.public = True
    response.cache_control.max_age = max_age
    response.set_etag(packed.tag)
    return response.make_conditional(request)
