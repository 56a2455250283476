"""Where the real data lies beside the project; tests that need it skip, with the reason, where it is not."""

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared(name: str) -> Path:
    """A file or folder of the shared data, named from its top. Skips the test where it is absent."""
    found = Path(os.environ.get("SHARED_DATA", _BESIDE)) / name
    if not found.exists():
        pytest.skip(f"{name} of the shared data is not here")
    return found
