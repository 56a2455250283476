"""The guide in a real browser, under the product's own CSP: clean, narrow enough, and alive."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Route
from werkzeug.serving import make_server

from tests.journeys.walker import Walker


@pytest.fixture
def base(app: Flask) -> Iterator[str]:
    """The product's server on a free port of this machine."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def walker(browser: Browser, base: str, tmp_path: Path) -> Iterator[Walker]:
    with Walker.enter(browser, name="guide", base=base, shots=tmp_path) as entered:
        yield entered
        assert entered.faults == []


@pytest.mark.parametrize("path", ["/styleguide/", "/styleguide/exam", "/styleguide/work"])
@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_guide_is_clean(
    browser: Browser, base: str, tmp_path: Path, path: str, width: int, dark: bool
) -> None:
    with Walker.enter(
        browser, name="guide", base=base, shots=tmp_path, width=width, dark=dark
    ) as walker:
        walker.visit(path)
        walker.look("guide")
        assert walker.faults == []


def test_a_chosen_theme_outlives_the_page(walker: Walker) -> None:
    walker.visit("/styleguide/")
    walker.press("dark")
    assert (
        walker.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(18, 21, 23)"
    )
    walker.visit("/styleguide/exam")
    walker.visit("/styleguide/")
    assert (
        walker.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(18, 21, 23)"
    )
    walker.press("as the device")
    assert (
        walker.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        == "rgb(247, 245, 240)"
    )


def test_the_focus_goes_to_the_errors_first(walker: Walker) -> None:
    walker.visit("/styleguide/")
    summary = walker.page.locator("[data-error-summary]")
    assert summary.evaluate("node => node === document.activeElement")
    summary.get_by_role("link", name="Enter your full name").click()
    assert walker.page.evaluate("document.activeElement.name") == "name"


def test_a_digit_chooses_and_the_choice_can_be_turned_off(walker: Walker) -> None:
    walker.visit("/styleguide/exam")
    walker.page.keyboard.press("2")
    assert walker.page.locator("#step-2").is_checked()
    walker.visit("/styleguide/")
    walker.page.get_by_label("Single keys work on this device").uncheck()
    walker.visit("/styleguide/exam")
    walker.page.keyboard.press("1")
    assert walker.page.locator("#step-3").is_checked()
    assert not walker.page.locator("#step-1 ~ .key").is_visible()


def test_a_digit_typed_into_a_field_stays_there(walker: Walker) -> None:
    walker.visit("/styleguide/")
    field = walker.page.locator("#hours").first
    field.click()
    walker.page.keyboard.type("12")
    assert field.input_value() == "12"
    assert walker.page.locator("#preference-1").is_checked()


def test_a_dialog_opens_takes_the_focus_and_closes_with_escape(walker: Walker) -> None:
    walker.visit("/styleguide/")
    dialog = walker.page.locator("#keys-dialog")
    walker.page.get_by_role("link", name="All keys").click()
    assert dialog.is_visible()
    walker.page.keyboard.press("Escape")
    assert not dialog.is_visible()


def test_a_figure_is_pulled_by_the_keyboard(walker: Walker) -> None:
    walker.visit("/styleguide/")
    proof = walker.page.locator("#figures details.proof").first
    proof.locator("summary").focus()
    walker.page.keyboard.press("Enter")
    assert proof.locator(".proof__body").is_visible()


def test_the_account_menu_closes_when_one_turns_away(walker: Walker) -> None:
    walker.visit("/styleguide/")
    menu = walker.page.locator("details[data-menu]")
    menu.locator("summary").click()
    assert menu.locator(".menu__panel").is_visible()
    walker.page.keyboard.press("Escape")
    assert not menu.locator(".menu__panel").is_visible()


def test_the_current_tab_is_in_view_on_a_phone(browser: Browser, base: str, tmp_path: Path) -> None:
    with Walker.enter(browser, name="guide", base=base, shots=tmp_path, width=360) as walker:
        walker.visit("/styleguide/")
        current = walker.page.get_by_role("link", name="Settings", exact=True)
        right = current.evaluate("node => node.getBoundingClientRect().right")
        assert right <= 360
        assert walker.faults == []


def test_focus_is_three_pixels_of_the_action_colour(walker: Walker) -> None:
    walker.visit("/styleguide/exam")
    walker.page.keyboard.press("Tab")
    walker.page.keyboard.press("Tab")
    outline = walker.page.evaluate(
        "(({outlineWidth, outlineOffset}) => [outlineWidth, outlineOffset])"
        "(getComputedStyle(document.activeElement.closest('.choice') ?? document.activeElement))"
    )
    assert outline == ["3px", "2px"]


def test_j_and_k_move_between_the_choices_without_choosing(walker: Walker) -> None:
    walker.visit("/styleguide/exam")
    for key, expected in (("j", "step-1"), ("j", "step-2"), ("k", "step-1"), ("k", "step-1")):
        walker.page.keyboard.press(key)
        assert walker.page.evaluate("document.activeElement.id") == expected
    assert walker.page.locator("#step-3").is_checked()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "now"), (1.9, "now"), (2, "2 s"), (59.9, "59 s"), (60, "1 min"), (150, "2 min")],
)
def test_saved_is_said_in_the_unit_that_fits(walker: Walker, seconds: float, words: str) -> None:
    walker.visit("/styleguide/exam")
    said = walker.page.evaluate(
        "(seconds) => import('/static/js/saved.js').then(({wordsFor}) =>"
        " wordsFor(seconds, {now: 'now', seconds: '{n} s', minutes: '{n} min'}))",
        seconds,
    )
    assert said == words


UPLOAD = """() => {
  const form = document.createElement("form");
  form.method = "post";
  form.enctype = "multipart/form-data";
  form.action = "/take";
  form.dataset.upload = "";
  for (const [tag, values] of [
    ["input", {type: "file", name: "file"}],
    ["progress", {hidden: true}],
    ["button", {name: "kind", value: "gold", textContent: "Send the file"}],
  ]) form.append(Object.assign(document.createElement(tag), values));
  form.querySelector("progress").dataset.uploadProgress = "";
  document.querySelector("main").append(form);
}"""


def test_a_file_leaves_with_the_button_that_sent_it_and_the_page_follows(walker: Walker) -> None:
    taken: list[str] = []

    def take(route: Route) -> None:
        taken.append(
            route.request.post_data_buffer.decode() if route.request.post_data_buffer else ""
        )
        route.fulfill(
            status=422,
            content_type="text/html",
            body="<title>Error: Row 3</title><main><p>Row 3</p></main>",
        )

    walker.visit("/styleguide/exam")
    walker.page.route("**/take", take)
    walker.page.evaluate(UPLOAD)
    walker.calm = False
    walker.page.set_input_files(
        "[name=file]", {"name": "a.csv", "mimeType": "text/csv", "buffer": b"x,y"}
    )
    walker.page.get_by_role("button", name="Send the file").click()
    walker.page.get_by_text("Row 3", exact=True).wait_for()
    assert walker.page.title() == "Error: Row 3"
    assert 'name="kind"\r\n\r\ngold' in taken[0]
    assert "x,y" in taken[0]
