"""The child that sets one document: reads its order on standard input, writes a PDF, loads nothing else."""

import base64
import io
import json
import resource
import sys
from typing import Any, Final

from weasyprint import HTML
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

_CPU_SECONDS: Final = 50


class GivenOnly(URLFetcher):  # type: ignore[misc]  # weasyprint publishes no types
    """Serves what the order carries and nothing else: neither files nor the network."""

    def __init__(self, given: dict[str, bytes]) -> None:
        super().__init__(allowed_protocols=["touchstone"])
        self._given = given

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """Give the bytes of an address that was passed in; anything else stops the rendering."""
        content = self._given.get(url)
        if content is None:
            raise FatalURLFetchingError(f"refused to load {url}")
        return URLFetcherResponse(url, body=io.BytesIO(content), headers=_headers(url))


def main() -> None:
    """Render the order under limits on memory and processor time."""
    order: dict[str, Any] = json.load(sys.stdin)
    memory = order["megabytes"] * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    given = {url: base64.b64decode(text) for url, text in order["resources"].items()}
    document = HTML(string=order["html"], base_url="touchstone:", url_fetcher=GivenOnly(given))
    sys.stdout.buffer.write(document.write_pdf(pdf_variant="pdf/ua-1"))


def _headers(url: str) -> dict[str, str]:
    kinds = {".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
    ending = url[url.rfind(".") :]
    return {"Content-Type": kinds.get(ending, "application/octet-stream")}


if __name__ == "__main__":
    main()
