"""The recorded pairs and judgments that the replay reads, and what it counts of each expert."""

import csv
import random
from dataclasses import dataclass, field
from pathlib import Path

import httpx


class Wrong(AssertionError):
    """A count of ours and one of the product's differ."""


@dataclass
class Expert:
    """One simulated expert: what they will say, and what this script counted of what they did."""

    name: str
    says: dict[str, str]  # task → choice, after flips
    account_id: int
    browser: httpx.Client
    random: random.Random
    seconds: float = 0.0
    sittings: int = 0
    judged: dict[str, str] = field(default_factory=dict)
    undecided: int = 0
    token: str = ""


def read(folder: Path, pairs: int) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """The first pairs by task, and what each annotator said: annotator → task → label."""
    with (folder / "texts.csv").open(encoding="utf-8", newline="") as file:
        texts = {row["task"]: row for row in list(csv.DictReader(file))[:pairs]}
    labels: dict[str, dict[str, str]] = {}
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["task"] in texts:
                labels.setdefault(row["worker"], {})[row["task"]] = row["label"]
    return texts, labels


def same(what: str, found: object, wanted: object) -> None:
    """Print the comparison. Raises `Wrong` where the two differ."""
    print(
        f"{'ok ' if found == wanted else 'BAD'} {what}: {found}"
        + ("" if found == wanted else f", not {wanted}")
    )
    if found != wanted:
        raise Wrong(what)
