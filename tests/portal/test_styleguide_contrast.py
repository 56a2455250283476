"""The colours can be told apart, light and dark: computed from the tokens themselves."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "portal" / "static" / "css" / "tokens.css"
GROUNDS = ("paper", "surface", "sunk", "chosen")
TEXT = [
    *[(ink, ground) for ink in ("ink", "quiet", "action") for ground in GROUNDS],
    *[(ink, ground) for ink in ("good", "warning", "bad") for ground in ("paper", "surface")],
    ("good", "good-ground"),
    ("warning", "warning-ground"),
    ("bad", "bad-ground"),
    ("quiet", "neutral-ground"),
    ("on-action", "action"),
    ("on-action", "action-strong"),
    ("ink", "warning-ground"),
    ("ink", "bad-ground"),
    ("ink", "good-ground"),
]
GRAPHICS = [
    (mark, ground)
    for mark in ("edge", "action", "streak", "gold")
    for ground in ("paper", "surface")
]


def tokens(theme: int) -> dict[str, str]:
    """Token → colour; theme 0 is light, 1 is dark."""
    pairs = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)", TOKENS.read_text())
    return {name: (light, dark)[theme] for name, light, dark in pairs}


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_knows_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT)
def test_text_can_be_read(ink: str, ground: str, theme: int) -> None:
    colours = tokens(theme)
    assert contrast(colours[ink], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), GRAPHICS)
def test_controls_and_graphics_can_be_seen(mark: str, ground: str, theme: int) -> None:
    colours = tokens(theme)
    assert contrast(colours[mark], colours[ground]) >= 3


def test_text_never_wears_gold() -> None:
    sheets = TOKENS.parent.glob("*.css")
    assert [
        sheet.name
        for sheet in sheets
        if re.search(r"[\s;{]color:\s*var\(--gold\)", sheet.read_text())
    ] == []


def test_browsers_without_light_dark_get_the_same_light_colours() -> None:
    older = TOKENS.read_text().partition("@supports not")[2]
    assert dict(re.findall(r"--([\w-]+): (#\w{6});", older)) == tokens(0)
