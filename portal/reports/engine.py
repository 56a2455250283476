"""Setting a document as PDF in a child process, with limits on what it may use and what it may load."""

import base64
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Final

from portal.errors import Unavailable

SECONDS: Final = 60
MEGABYTES: Final = 1536


class RenderingFailed(Exception):
    """The child refused, ran out of its limits, or broke; the message says which."""


def to_pdf(html: str, resources: Mapping[str, bytes]) -> bytes:
    """Set the document as a tagged PDF (PDF/UA-1).

    `resources` are the only addresses that the document may load, such as
    `touchstone:report.css`. Raises `Unavailable` where the machine lacks pango, `RenderingFailed`
    otherwise.
    """
    encoded = {url: base64.b64encode(content).decode() for url, content in resources.items()}
    order = json.dumps({"html": html, "resources": encoded, "megabytes": MEGABYTES})
    command = [sys.executable, "-m", "portal.reports.render"]
    try:
        done = subprocess.run(  # noqa: S603  our own module, no argument from outside
            command, input=order.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise RenderingFailed(f"it took longer than {SECONDS} s") from None
    if done.returncode == 0 and done.stdout.startswith(b"%PDF-"):
        return done.stdout
    complaint = done.stderr.decode(errors="replace").strip()
    if "cannot load library" in complaint:
        raise Unavailable(
            "PDFs are off on this machine: the library pango is missing (./run doctor says more)."
        )
    raise RenderingFailed(complaint[-2000:] or f"the renderer ended with {done.returncode}")
