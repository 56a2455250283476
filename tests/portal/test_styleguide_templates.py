"""What every template keeps to, so that the strict CSP and the guide hold."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UI = ROOT / "portal" / "templates" / "ui"
GUIDE = ROOT / "portal" / "templates" / "styleguide"
TEMPLATES = sorted(
    path
    for package in ("portal", "exams", "tasks", "payouts", "demo")
    for path in (ROOT / package).rglob("templates/**/*.html")
)
FORBIDDEN = {
    "a style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an event attribute": re.compile(r"<\w[^>]*\son[a-z]+\s*=|hx-on", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "something from elsewhere": re.compile(r"""(src|<link[^>]*href)=["']https?:""", re.IGNORECASE),
}


def own(path: Path) -> str:
    return str(path.relative_to(ROOT))


def macros(path: Path) -> set[str]:
    """The public macros of a file."""
    names = re.findall(r"{%-? macro (\w+)", path.read_text())
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("path", TEMPLATES, ids=own)
def test_a_template_holds_nothing_that_the_csp_would_refuse(path: Path) -> None:
    text = path.read_text()
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(text)] == []


def lonely_percents(text: str) -> list[str]:
    """Texts for translation with a bare per-cent sign, which formatting would trip over."""
    marked = re.findall(r"""\b_\(\s*"((?:[^"\\]|\\.)*)\"""", text)
    return [words for words in marked if re.search(r"%(?![(])", words.replace("%%", ""))]


@pytest.mark.parametrize("path", TEMPLATES, ids=own)
def test_a_per_cent_sign_in_a_translated_text_is_written_twice(path: Path) -> None:
    assert lonely_percents(path.read_text()) == []


def test_a_bare_per_cent_sign_is_noticed() -> None:
    assert lonely_percents('{{ _("90 % of %(count)s") }} {{ _("90 %% of %(count)s") }}') == [
        "90 % of %(count)s"
    ]


@pytest.mark.parametrize(
    "markup", ['<p style="x">', "<style>", '<a onclick="x">', "<script>x</script>"]
)
def test_the_patterns_find_what_they_forbid(markup: str) -> None:
    assert [name for name, pattern in FORBIDDEN.items() if pattern.search(markup)]


def test_every_macro_is_shown_in_the_guide() -> None:
    """Called there, or by a layout or a macro that is."""
    files = [*GUIDE.glob("*.html"), *UI.parent.glob("layout*.html"), *UI.glob("*.html")]
    calls = "".join(re.sub(r"{%-? macro \w+", "", path.read_text()) for path in files)
    not_to_be_seen = {"htmx", "post_button"}  # a script; a button() in a form that posts at once
    names = {name for path in UI.glob("*.html") for name in macros(path)} - not_to_be_seen
    assert (
        sorted(name for name in names if not re.search(rf"\b{name}\(|as {name}\b|{name} as", calls))
        == []
    )


def test_every_macro_is_in_the_list_for_whoever_builds_a_page() -> None:
    readme = (UI / "README.md").read_text()
    hidden = {
        "brand",
        "footer",
        "flashes",
        "navigation_bar",
        "account_menu",
    }  # the layouts call these
    names = {name for path in UI.glob("*.html") for name in macros(path)} - hidden
    assert (
        sorted(name for name in names if f"`{name}(" not in readme and f"{name}(" not in readme)
        == []
    )


def test_each_macro_file_begins_by_saying_what_it_is_for() -> None:
    assert [path.name for path in UI.glob("*.html") if not path.read_text().startswith("{# ")] == []
