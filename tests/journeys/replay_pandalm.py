"""Replay 999 recorded preference pairs through the HTTP workbench, and follow the money to the cent.

    python -m tests.journeys.replay_pandalm [--flip .2] [--pairs N] [--seed N]

Three simulated experts (one a recorded annotator each) judge what the workbench hands them, gold
included, on a moved clock: each judgment takes its seeded 20 to 180 s with a heartbeat every 30 s.
Everything that is printed is compared with what this script counted by itself.
"""

import argparse
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from tests.journeys.replay import comparing, founding, paying, recorded, working
from tests.journeys.stack import running


def main() -> int:
    """Run it; the exit status says whether everything agreed."""
    options = _options()
    source = options.data / "preferences" / "pandalm_pairs"
    if not source.exists():
        print(f"skipped: {source} is not here")
        return 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="replay-") as folder, running(Path(folder)) as stack:
        texts, labels = recorded.read(source, options.pairs)
        stack.set_clock(working.MONDAY - timedelta(hours=4))
        experts = founding.found(stack, Path(folder), source, texts, labels, options)
        working.work(stack, experts, texts)
        paying.pay(stack, experts)
        comparing.report(experts, texts, labels, options)
    print(f"all of it agrees; {time.monotonic() - began:.0f} s")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flip", type=float, default=0.0, help="share of answers turned round")
    parser.add_argument("--pairs", type=int, default=999, help="how many pairs, from the first")
    parser.add_argument("--seed", type=int, default=20261123)
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=beside)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
