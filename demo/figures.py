"""A bank of three hundred and more small questions about figures of moderation, made from patterns.

Each pattern is asked with different numbers and names; the wrong options are the mistakes that people make.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final, NamedTuple

Question = dict[str, Any]
COUNT: Final = 318
ON_FORM: Final = 18
"""The first so many stand on a fixed form: two of each pattern."""
AREAS: Final = (
    ("rates", "Rates and shares"),
    ("agreement", "Agreement between people"),
    ("workload", "Queues and time"),
)
_QUEUES: Final = (
    "the harassment queue",
    "the spam queue",
    "the night shift",
    "the appeals desk",
    "the live-video queue",
    "the comments queue",
    "the marketplace queue",
    "the profile-photo queue",
)


class Asked(NamedTuple):
    """A pattern filled in: the words, the right figure, the mistakes, why."""

    stem: str
    right: str
    wrong: tuple[str, ...]
    why: str


Pattern = Callable[[Random, str], Asked]


def bank() -> list[Question]:
    """The questions, always the same."""
    return [_question(number) for number in range(COUNT)]


def document() -> dict[str, Any]:
    """The exam with the questions of its fixed form; the rest of the bank comes beside it."""
    questions = bank()[:ON_FORM]
    return {
        "slug": "reading-figures",
        "title": "Reading figures",
        "purpose": "Shows whether you can read the figures of moderation work: rates, agreement, queues.",
        "instructions": (
            "Each question gives a few figures and asks what follows from them. A calculator and"
            " paper are allowed; help from another person or from a language model is not."
        ),
        "qualification": {
            "slug": "reading-figures",
            "title": "Reading figures",
            "valid_months": 24,
        },
        "allowed_minutes": 40,
        "cut": 0.6,
        "cool_down_days": 30,
        "maximum_attempts": 3,
        "areas": [{"slug": slug, "title": title} for slug, title in AREAS],
        "form": {"number": 1, "questions": [one["slug"] for one in questions]},
        "questions": questions,
    }


def _question(number: int) -> Question:
    random = Random(f"figures {number}")  # noqa: S311
    area, pattern = _PATTERNS[number % len(_PATTERNS)]
    asked = pattern(random, random.choice(_QUEUES))
    texts = [asked.right, *dict.fromkeys(one for one in asked.wrong if one != asked.right)][:4]
    names = random.sample("abcdefgh", len(texts))
    pairs = sorted(zip(names, texts, strict=True))
    return {
        "slug": f"figures-{number:03d}",
        "type": "single",
        "area": area,
        "points": 1,
        "minutes": 1.2,
        "stem": asked.stem,
        "options": [{"id": name, "text": text} for name, text in pairs],
        "key": {"option": names[0]},
        "rationale": asked.why,
        "difficulty": round(random.gauss(0, 1), 2),
    }


def _precision(random: Random, queue: str) -> Asked:
    removed, wrongly, missed = (random.randrange(*ends) for ends in ((40, 400), (3, 30), (10, 90)))
    right = removed - wrongly
    return Asked(
        f"On {queue}, {removed} posts were removed; {wrongly} of them should have stayed, and"
        f" {missed} that should have been removed were left.\n\nWhat is the precision of removals?",
        _percent(right, removed),
        (
            _percent(right, right + missed),
            _percent(wrongly, removed),
            _percent(removed, removed + missed),
        ),
        "Precision is the share of what was removed that was removed rightly.",
    )


def _recall(random: Random, queue: str) -> Asked:
    found, wrongly, missed = (random.randrange(*ends) for ends in ((40, 300), (5, 60), (10, 120)))
    return Asked(
        f"{found} harmful posts on {queue} were found, {missed} were missed, and {wrongly} harmless"
        " ones were removed by mistake.\n\nWhat is the recall?",
        _percent(found, found + missed),
        (
            _percent(found, found + wrongly),
            _percent(missed, found + missed),
            _percent(found, found + missed + wrongly),
        ),
        "Recall is the share of all harmful posts that were found.",
    )


def _base_rate(random: Random, queue: str) -> Asked:
    posts, harmful, caught, alarms = (
        random.choice((2000, 4000, 5000, 10000)),
        random.choice((1, 2, 3, 4)),
        random.choice((80, 85, 90, 95)),
        random.choice((2, 3, 5, 8)),
    )
    true, false = harmful * caught, (100 - harmful) * alarms
    return Asked(
        f"Of {posts} posts on {queue}, {harmful} in a hundred are harmful. A filter catches {caught} %"
        f" of those, and marks {alarms} % of the harmless ones too.\n\n"
        "Which share of the posts that it marks is harmful?",
        _percent(true, true + false),
        (f"{caught} %", f"{100 - alarms} %", _percent(false, true + false)),
        "Where harm is rare, most of what a good filter marks is harmless.",
    )


def _raw_agreement(random: Random, queue: str) -> Asked:
    both, neither, one, other = (
        random.randrange(*ends) for ends in ((20, 90), (20, 120), (3, 30), (3, 30))
    )
    whole = both + neither + one + other
    return Asked(
        f"Two reviewers of {queue} judged {whole} posts. Both removed {both}, both left {neither};"
        f" on {one} only the first removed, on {other} only the second.\n\nHow often did they agree?",
        _percent(both + neither, whole),
        (_percent(both, whole), _percent(one + other, whole), _percent(both, both + one + other)),
        "They agree where both remove and where both leave.",
    )


def _kappa(random: Random, queue: str) -> Asked:
    seen, chance = random.randrange(74, 95), random.randrange(48, 71)
    kappa = (seen - chance) / (100 - chance)
    return Asked(
        f"On {queue} two reviewers agree on {seen} % of the posts; by chance alone they would on"
        f" {chance} %.\n\nWhat is the kappa of Cohen?",
        f"{kappa:.2f}",
        (f"{(seen - chance) / 100:.2f}", f"{seen / 100:.2f}", f"{chance / seen:.2f}"),
        "Kappa is the agreement beyond chance as a share of what was possible beyond chance.",
    )


def _ties(random: Random, queue: str) -> Asked:
    wins, losses, ties = (random.randrange(*ends) for ends in ((30, 90), (20, 80), (10, 60)))
    whole = wins + losses + ties
    return Asked(
        f"Raters compared a new reply of {queue} with the old one {whole} times: better {wins} times,"
        f" worse {losses}, about the same {ties}.\n\nWhat is the win rate, a tie counting one half?",
        _percent(2 * wins + ties, 2 * whole),
        (_percent(wins, whole), _percent(wins, wins + losses), _percent(wins + ties, whole)),
        "Half of the ties is added to the wins, over all comparisons.",
    )


def _clearing(random: Random, queue: str) -> Asked:
    backlog, arrive, people, each = (
        random.randrange(400, 1600, 100),
        random.randrange(40, 90, 10),
        random.randrange(4, 9),
        random.choice((25, 30)),
    )
    gain = people * each - arrive
    return Asked(
        f"{queue[0].upper()}{queue[1:]} holds {backlog} posts; {arrive} arrive each hour, and"
        f" {people} people decide {each} an hour each.\n\nAfter how long is it empty?",
        _hours(backlog / gain),
        (
            _hours(backlog / (people * each)),
            _hours(backlog / arrive),
            _hours((backlog + arrive) / (people * each)),
        ),
        "Each hour it shrinks by what is decided less what arrives.",
    )


def _weighted(random: Random, queue: str) -> Asked:
    many, few = random.randrange(300, 900, 50), random.randrange(50, 200, 10)
    slow, fast = random.randrange(40, 90, 5), random.randrange(10, 35, 5)
    mean = (many * fast + few * slow) / (many + few)
    return Asked(
        f"On {queue}, {many} plain posts take {fast} seconds each and {few} hard ones {slow}.\n\n"
        "How long does a post take on average?",
        f"{mean:.1f} s",
        (
            f"{(fast + slow) / 2:.1f} s",
            f"{(many * slow + few * fast) / (many + few):.1f} s",
            f"{(many * fast + few * slow) / many:.1f} s",
        ),
        "Each kind counts as often as it comes.",
    )


def _points(random: Random, queue: str) -> Asked:
    before, relative = random.randrange(4, 32, 2), random.choice((15, 25, 35, 50, 75))
    after = before * (100 + relative) / 100
    return Asked(
        f"The share of wrong removals on {queue} rose from {before} % by {relative} % of itself.\n\n"
        "By how many percentage points did it rise?",
        f"{after - before:g}",
        (f"{relative}", f"{relative + before}", f"{after:g}"),
        "Percentage points are the difference of two shares, not their quotient.",
    )


_PATTERNS: Final[tuple[tuple[str, Pattern], ...]] = (
    ("rates", _precision),
    ("agreement", _raw_agreement),
    ("workload", _clearing),
    ("rates", _recall),
    ("agreement", _kappa),
    ("workload", _weighted),
    ("rates", _base_rate),
    ("agreement", _ties),
    ("workload", _points),
)


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"


def _hours(hours: float) -> str:
    minutes = round(hours * 60)
    return f"{minutes // 60} h {minutes % 60:02d} m"


def parameters() -> Iterator[tuple[float, float]]:
    """Slope and difficulty of each question, as people of an earlier year found them."""
    for number in range(COUNT):
        random = Random(f"figures found {number}")  # noqa: S311
        yield random.lognormvariate(0.15, 0.25), random.gauss(0, 1)
