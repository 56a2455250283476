"""What a rate card says beyond its prices: a cap on a task's paid time, quality, a guarantee, bonuses.

Pure. The rules are part of the terms that a person accepts; nothing here can lower a rate: the cap
is announced with the card, a band multiplies by one or more, the guarantee only adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, Final

from portal.durations import hours
from portal.errors import Invalid
from portal.money import Money, plain
from tasks.quality.share import ENOUGH

_KEYS: Final = frozenset(
    {"aht_cap_seconds", "bonuses", "by_task", "quality_bands", "guarantee_minor"}
)


@dataclass(frozen=True)
class Band:
    """From this share right on check tasks, pay is multiplied by so much."""

    at_least: Fraction
    multiplier: Fraction


@dataclass(frozen=True)
class Announced:
    """A bonus that is promised with the terms: to whoever meets its condition, once."""

    name: str
    minor: int
    condition: str


@dataclass(frozen=True)
class Rules:
    """The rules of one card; none of them where it only has prices."""

    aht_cap_seconds: int | None = None
    """Paid time of one task at most, where it is paid by the hour."""
    bands: tuple[Band, ...] = ()
    by_task: bool = False
    """Time on tasks is paid by the task alone; reading, training and adjustments stay hourly."""
    guarantee_minor: int | None = None
    """What an hour comes to at least, in minor units; the difference is a line of its own."""
    bonuses: tuple[Announced, ...] = ()

    def multiplier(self, right: int, judged: int) -> Fraction:
        """By how much pay is multiplied; 1 below the lowest band and while it is too early to say."""
        if judged < ENOUGH:
            return Fraction(1)
        share = Fraction(right, judged)
        reached = (band.multiplier for band in self.bands if share >= band.at_least)
        return max(reached, default=Fraction(1))

    def words(self, currency: str) -> list[str]:
        """What an expert reads before they accept."""
        said = []
        if self.by_task:
            said.append("Time on tasks is paid by the task, not by the hour.")
        if self.aht_cap_seconds is not None:
            said.append(f"At most {hours(self.aht_cap_seconds)} of one task is paid by the hour.")
        for band in self.bands:
            extra, level = (band.multiplier - 1) * 100, band.at_least * 100
            said.append(
                f"{_percent(extra)} more from {_percent(level)} right on check tasks,"
                f" counted over {ENOUGH} or more."
            )
        if self.guarantee_minor is not None:
            least = plain(Money(self.guarantee_minor, currency))
            said.append(f"A week's work comes to {least} {currency} an hour at least.")
        for bonus in self.bonuses:
            amount = plain(Money(bonus.minor, currency))
            said.append(f"Bonus “{bonus.name}”, once: {amount} {currency}. {bonus.condition}")
        return said


def parse(said: Mapping[str, Any]) -> Rules:
    """The rules as a card or terms hold them.

    `{"aht_cap_seconds": 600, "quality_bands": [["0.9", "1.05"]], "guarantee_minor": 2000}`, each part
    optional. Raises `Invalid` for anything else, and above all for a multiplier below 1.
    """
    if unknown := said.keys() - _KEYS:
        raise Invalid(f"A rate card has no rule named {min(unknown)}.")
    if not isinstance(said.get("by_task", False), bool):
        raise Invalid("Time on tasks is paid by the task, or it is not.")
    cap, guarantee = said.get("aht_cap_seconds"), said.get("guarantee_minor")
    if any(number is not None and not _positive(number) for number in (cap, guarantee)):
        raise Invalid("A cap and a guarantee are whole numbers above zero.")
    bands, bonuses = _bands(said.get("quality_bands", [])), _bonuses(said.get("bonuses", []))
    return Rules(cap, bands, said.get("by_task", False), guarantee, bonuses)


def stored(rules: Rules) -> dict[str, Any]:
    """The rules as a card keeps them; `parse` reads them back."""
    kept: dict[str, Any] = {}
    if rules.aht_cap_seconds is not None:
        kept["aht_cap_seconds"] = rules.aht_cap_seconds
    if rules.bands:
        kept["quality_bands"] = [[str(band.at_least), str(band.multiplier)] for band in rules.bands]
    if rules.by_task:
        kept["by_task"] = True
    if rules.guarantee_minor is not None:
        kept["guarantee_minor"] = rules.guarantee_minor
    if rules.bonuses:
        kept["bonuses"] = [[each.name, each.minor, each.condition] for each in rules.bonuses]
    return kept


def _bonuses(said: list[Any]) -> tuple[Announced, ...]:
    """Each with a name of its own, an amount above zero, and what it takes."""
    try:
        bonuses = tuple(Announced(name, minor, condition) for name, minor, condition in said)
    except (TypeError, ValueError):
        raise Invalid("A bonus has a name, an amount and a condition.") from None
    for bonus in bonuses:
        texts = (bonus.name, bonus.condition)
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise Invalid("Say what a bonus is called, and what it takes.")
        if not _positive(bonus.minor):
            raise Invalid("A bonus is a whole number of minor units above zero.")
    if len({bonus.name for bonus in bonuses}) < len(bonuses):
        raise Invalid("Each bonus of a card has a name of its own.")
    return bonuses


def _bands(said: list[Any]) -> tuple[Band, ...]:
    try:
        bands = tuple(Band(Fraction(level), Fraction(times)) for level, times in said)
    except (TypeError, ValueError, ZeroDivisionError):
        raise Invalid("A band of quality is a share right and what pay is multiplied by.") from None
    if any(not 0 < band.at_least <= 1 or band.multiplier < 1 for band in bands):
        raise Invalid("A band begins between 0 and 1, and multiplies by 1 or more: never by less.")
    if any(
        later.at_least <= band.at_least or later.multiplier < band.multiplier
        for band, later in pairwise(bands)
    ):
        raise Invalid("Bands go upwards: each begins higher than the last and pays no less.")
    return bands


def _positive(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and number > 0


def _percent(share: Fraction) -> str:
    return f"{float(share):g} %"
