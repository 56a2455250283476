"""The demo's bank of figures: every key recomputed from the words of its question, and no answer known by its looks."""

import re
from collections import Counter
from collections.abc import Callable

import pytest

from demo import figures
from exams.models import QuestionType
from exams.queries.adaptive import ENOUGH_QUESTIONS
from exams.questions import KINDS

BANK = figures.bank()


def percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def hours(value: float) -> str:
    minutes = round(value * 60)
    return f"{minutes // 60} h {minutes % 60:02d} m"


SOLVED: dict[str, tuple[str, Callable[..., str]]] = {
    "precision": (
        r"(\d+) posts were removed; (\d+) of them",
        lambda removed, wrong: percent((removed - wrong) / removed),
    ),
    "the recall": (
        r"(\d+) harmful posts .* were found, (\d+) were missed",
        lambda found, missed: percent(found / (found + missed)),
    ),
    "it marks is harmful": (
        r"Of (\d+) posts .*, (\d+) in a hundred .* catches (\d+) % .* marks (\d+) %",
        lambda _posts, harmful, caught, alarms: percent(
            harmful * caught / (harmful * caught + (100 - harmful) * alarms)
        ),
    ),
    "did they agree": (
        r"judged (\d+) posts. Both removed (\d+), both left (\d+);",
        lambda whole, both, neither: percent((both + neither) / whole),
    ),
    "kappa": (
        r"agree on (\d+) % .* would on (\d+) %",
        lambda seen, chance: f"{(seen - chance) / (100 - chance):.2f}",
    ),
    "win rate": (
        r"one (\d+) times: better (\d+) times, worse (\d+), about the same (\d+)",
        lambda whole, wins, _losses, ties: percent((wins + ties / 2) / whole),
    ),
    "is it empty": (
        r"holds (\d+) posts; (\d+) arrive each hour, and (\d+) people decide (\d+) an hour",
        lambda backlog, arrive, people, each: hours(backlog / (people * each - arrive)),
    ),
    "take on average": (
        r"(\d+) plain posts take (\d+) seconds each and (\d+) hard ones (\d+)",
        lambda many, fast, few, slow: f"{(many * fast + few * slow) / (many + few):.1f} s",
    ),
    "percentage points": (
        r"from (\d+) % by (\d+) % of itself",
        lambda before, relative: f"{before * relative / 100:g}",
    ),
}


@pytest.mark.parametrize("question", BANK, ids=lambda one: one["slug"])
def test_the_key_is_what_the_figures_come_to(question: figures.Question) -> None:
    stem = question["stem"]
    pattern, solve = next(found for words, found in SOLVED.items() if words in stem)
    numbers = re.search(pattern, stem)
    assert numbers is not None
    right = next(
        one["text"] for one in question["options"] if one["id"] == question["key"]["option"]
    )
    assert right == solve(*(int(number) for number in numbers.groups()))


def test_the_options_differ_and_fit_their_kind() -> None:
    for question in BANK:
        texts = [one["text"] for one in question["options"]]
        assert len(set(texts)) == len(texts) >= 3
        content = {"stem": question["stem"], "options": question["options"]}
        KINDS[QuestionType.SINGLE].parse(content, question["key"])


def test_no_answer_is_known_by_its_place_or_its_name() -> None:
    for at in ("place", "name"):
        found: Counter[object] = Counter()
        for question in BANK:
            ids = [one["id"] for one in question["options"]]
            right = question["key"]["option"]
            found[ids.index(right) if at == "place" else right] += 1
        assert max(found.values()) < 0.4 * len(BANK)


def test_there_are_enough_and_none_twice() -> None:
    assert len(BANK) >= ENOUGH_QUESTIONS
    assert len({one["stem"] for one in BANK}) == len(BANK)
    assert len(list(figures.parameters())) == len(BANK)
    assert {one["area"] for one in BANK} == {slug for slug, _title in figures.AREAS}
    assert figures.bank() == BANK
