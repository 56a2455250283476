"""Rate limits are shared through Redis where there is one, and stay on where it is gone."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.embedded.valkey import Valkey

_GUESS = """
import json, sys
from portal.app import create_app
app = create_app()
app.config["WTF_CSRF_ENABLED"] = False
client = app.test_client()
for line in sys.stdin:
    answers = [client.post("/reset-password", data={}) for _ in range(int(line))]
    print(json.dumps([answer.status_code for answer in answers]), flush=True)
"""
_LIMIT = 8
"""Tries a minute at one account."""


class Guesser:
    """A web process of its own, in which somebody guesses."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", _GUESS],
            env=os.environ | {"REDIS_URL": url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def guess(self, times: int) -> list[int]:
        """The statuses that come back."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{times}\n")
        self.process.stdin.flush()
        found: list[int] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def guesser(url: str) -> Iterator[Guesser]:
    """One that ends with the test."""
    made = Guesser(url)
    try:
        yield made
    finally:
        made.process.communicate(timeout=20)


def test_two_web_processes_count_together_and_each_by_itself_when_the_server_is_gone(
    tmp_path: Path,
) -> None:
    server = Valkey.start(tmp_path / "valkey")
    try:
        with guesser(server.url) as first, guesser(server.url) as second:
            assert first.guess(_LIMIT) == [422] * _LIMIT
            assert second.guess(1) == [429], "the other process has used the tries up"
            server.stop()
            assert first.guess(_LIMIT + 1) == [422] * _LIMIT + [429]
    finally:
        server.stop()


def test_without_a_server_from_the_start_guessing_stops_all_the_same(tmp_path: Path) -> None:
    with guesser(f"unix://{tmp_path}/nobody.sock") as alone:
        assert alone.guess(_LIMIT + 1) == [422] * _LIMIT + [429]
