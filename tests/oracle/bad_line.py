"""The bad line between a browser tab and the clock, and the numbers that come out of working behind it."""

from dataclasses import dataclass
from random import Random
from typing import Final

from tasks.models import WorkSession

BEAT: Final = 30.0
"""Seconds between two signs of life of a page."""
AGAIN: Final = 5.0
"""Seconds until one that nobody answered is sent again."""


@dataclass
class Line:
    """What it loses, and how late it delivers."""

    random: Random
    lost: float

    def trip(self) -> float | None:
        """Seconds one way; None where the message is lost."""
        if self.random.random() < self.lost:
            return None
        slow = self.random.random() < 0.03
        return self.random.uniform(4, 20) if slow else self.random.uniform(0.05, 0.6)


@dataclass
class Tab:
    """One browser tab; `skew` is how wrong its computer's clock is, in seconds."""

    project: int
    skew: float
    live: WorkSession | None = None
    epoch: int = 0
    seq: int = 0
    answered: int = 0
    alive: bool = True
    here: bool = False
    last_input: float = 0.0
    generation: int = 0
    """Goes up with each crash: what a dead page had planned no longer happens."""


@dataclass
class Result:
    """What came out."""

    worked: float = 0.0
    credited: float = 0.0
    interruptions: int = 0
    twice: float = 0.0
    asleep: float = 0.0
    sent: int = 0
    lost: int = 0
    out_of_order: int = 0
    taken_over: int = 0
    answers: int = 0

    @property
    def error(self) -> float:
        """Seconds credited more or less than worked."""
        return abs(self.credited - self.worked)

    @property
    def bound(self) -> float:
        """One heartbeat per interruption."""
        return BEAT * self.interruptions

    def lines(self) -> list[str]:
        """The numbers, each bound beside them."""
        share = self.error / self.worked
        return [
            f"truly at work                  {self.worked:>12,.1f} s",
            f"credited                       {self.credited:>12,.1f} s",
            f"error                          {self.error:>12,.1f} s   at most {self.bound:,.0f} s (30 s an interruption)",
            f"error of all                   {share:>12.3%}     at most 0.5 %",
            f"interruptions                  {self.interruptions:>12,}",
            f"requests sent                  {self.sent:>12,}",
            f"lost on the way or back        {self.lost:>12,}",
            f"arrived out of order           {self.out_of_order:>12,}",
            f"clock taken over by a tab      {self.taken_over:>12,}",
            f"tasks answered                 {self.answers:>12,}",
            f"paid twice                     {self.twice:>12,.1f} s   at most 0 s",
            f"credited while asleep          {self.asleep:>12,.1f} s   at most 0 s",
        ]

    def holds(self) -> bool:
        """Whether every bound is kept."""
        within = self.error <= self.bound and self.error <= 0.005 * self.worked
        return within and self.twice == 0 and self.asleep == 0
