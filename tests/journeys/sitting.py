"""Sitting the demo's exam in the browser, by mouse and by keyboard, knowing the answers or not."""

import json
import re
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Locator, expect

from tests.journeys.walker import Walker

_BANK: Final[list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "demo" / "content" / "exam.json").read_text("utf-8")
)["questions"]
LENGTH: Final = 24
KEPT: Final = "Saved on this device, not yet with us"


def answer(walker: Walker, position: int, *, right: bool) -> None:
    """Answer the question on the page: odd ones with the mouse, even ones by key."""
    question = _question(walker.text())
    if question["type"] == "numeric":
        value = question["key"]["value"] if right else -1
        walker.page.locator("[name=answer]").fill(f"{value:.{question['decimals']}f}")
        walker.page.keyboard.press("Tab")
        return
    wanted = _choices(walker, question)
    for control in wanted if right else [_wrong(walker, wanted)]:
        key = control.get_attribute("data-key")
        if position % 2 == 0 and key:
            walker.page.locator("h1").click()
            walker.page.keyboard.press(key)
        else:
            control.locator("xpath=..").click()
        expect(control).to_be_checked()


def go_on(walker: Walker, position: int) -> None:
    """Save and go to the next page."""
    walker.press(re.compile("^Save and continue"))
    following = "overview" if position == LENGTH else str(position + 1)
    walker.page.wait_for_url(f"**/exams/*/{following}")


def answer_through_a_drop(walker: Walker, position: int) -> None:
    """Answer while nothing gets through: it is kept on the device, and sent when that is over."""
    status = walker.page.locator("[data-exam-state]")
    with walker.dropped():
        answer(walker, position, right=True)
        expect(status).to_contain_text(KEPT, timeout=20_000)
    expect(status).to_contain_text("Answer saved", timeout=20_000)


def _question(text: str) -> dict[str, Any]:
    page = _letters(text)
    for question in _BANK:
        if all(_letters(part) in page for part in _signature(question)):
            return question
    raise AssertionError(f"a question that is not in the bank:\n{text}")


def _signature(question: dict[str, Any]) -> list[str]:
    match question["type"]:
        case "faulty_step":
            return [question["case"], question["steps"][0]["text"]]
        case "preference":
            return [question["prompt"]]
        case "numeric":
            return [question["stem"].split("\n")[0]]
        case _:
            return [option["text"] for option in question["options"]]


def _choices(walker: Walker, question: dict[str, Any]) -> list[Locator]:
    """The controls of the right answer."""
    cards = walker.page.locator("form[data-exam] .choice")
    key = question["key"]
    match question["type"]:
        case "preference":
            page = _letters(walker.text())
            places = [page.index(_letters(question["answers"][name])) for name in ("a", "b")]
            first = "a" if places[0] < places[1] else "b"
            chosen = 2 if key["choice"] == "tie" else int(key["choice"] != first)
            return [cards.nth(chosen).locator("input")]
        case "faulty_step":
            texts = {step["id"]: step["text"] for step in question["steps"]}
            wanted = [texts.get(key["step"], "No step is wrong")]
        case _:
            ids = key.get("options") or [key["option"]]
            wanted = [option["text"] for option in question["options"] if option["id"] in ids]
    shown = [_letters(text) for text in cards.all_inner_texts()]
    found = [
        number for number, text in enumerate(shown) if any(_letters(one) in text for one in wanted)
    ]
    return [cards.nth(number).locator("input") for number in found]


def _wrong(walker: Walker, right: list[Locator]) -> Locator:
    values = {control.input_value() for control in right}
    for control in walker.page.locator("form[data-exam] .choice input").all():
        if control.input_value() not in values:
            return control
    raise AssertionError("every choice is right")


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).lower()
