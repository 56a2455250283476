"""Every text is marked for translation, and a translation reaches the page."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient

from portal.cli import texts

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted(
    path
    for package in texts.PACKAGES
    for path in (ROOT / package).rglob("templates/**/*.*")
    if path.suffix in {".html", ".txt"} and not {"styleguide", "stripe"} & set(path.parts)
)
"""Without the guide, which is ours alone, and the sandbox's pages, which would be Stripe's."""
NAMES = {"Touchstone", "CSV", "JSONL", "PDF", "Ctrl"}
"""Not words of a language."""
_MARKED = re.compile(r"{%-?\s*trans\b.*?endtrans\s*-?%}|{#.*?#}", re.DOTALL)
_SAID = re.compile(r"<[^>]*?\b(?:aria-label|placeholder|title|alt)=\"([^\"]*)\"", re.DOTALL)
_CODE = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)


def unmarked(template: str) -> list[str]:
    """Words that a template says outside of `_()` and `{% trans %}`: as text or in an attribute."""
    text = _MARKED.sub(" ", template)
    text = re.sub(r"{% block (main_class|class) %}.*?{% endblock %}", " ", text)
    text = _CODE.sub(" ", text)
    said = " ".join(_SAID.findall(text)) + re.sub(r"<[^>]*>", " ", text)
    words = re.findall(r"[^\W\d_][\w+-]+", said)
    return [word for word in words if word not in NAMES]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_template_says_nothing_that_could_not_be_translated(path: Path) -> None:
    assert unmarked(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "template",
    ["<p>Sign in</p>", '<a aria-label="Sign in">{{ x }}</a>', "{% if x %}Sign{% endif %} {{ in }}"],
)
def test_words_that_nobody_marked_are_noticed(template: str) -> None:
    assert "Sign" in unmarked(template)
    assert unmarked('<p>{{ _("Sign in") }}</p>{% trans %}Sign in{% endtrans %}') == []


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What a translator is given."""
    out = tmp_path_factory.mktemp("texts") / "messages.pot"
    done = CliRunner().invoke(texts.texts, ["-o", str(out)])
    assert done.exit_code == 0, done.output
    with out.open("rb") as file:
        return read_po(file)


@pytest.mark.parametrize(
    "words",
    [
        "Open an account to apply",  # a page
        "Where do you live?",
        "Enter the name that you want to be called by",  # a form
        "This link has been used already, or it is too old. Please ask for a new one.",  # a rule
        "We cannot pay where you live yet, so please do not apply for now.",
        "Choose one of the answers, or say that they are the same.",
        "That is no longer possible",  # the title of an error
        "Performance report",  # a paper
        "The link works once, for one day. If it was not you, do nothing.",  # a letter
    ],
)
def test_a_translator_is_given_the_words_with_their_place(given: Catalog, words: str) -> None:
    message = given.get(words)
    assert message is not None
    assert all((ROOT / file).exists() for file, _line in message.locations)


def test_of_nothing_but_whole_texts(given: Catalog) -> None:
    assert len(given) > 1500
    assert [message.id for message in given if message.id and not str(message.id).strip()] == []


@pytest.fixture
def translated(app: Flask, tmp_path: Path) -> FlaskClient:
    """A browser of the product with a translation of a few texts."""
    catalog = Catalog(locale="en")
    for words in (
        "There is nothing here that you can see.",
        "Page not found",
        "This link has been used already, or it is too old. Please ask for a new one.",
        "That is no longer possible",
        "Sign in",
    ):
        catalog.add(words, f"[{words}]")
    folder = tmp_path / "en" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    with (folder / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    app.extensions["babel"].translation_directories[:] = [str(tmp_path)]
    return app.test_client()


def test_a_translation_reaches_pages_and_broken_rules(translated: FlaskClient) -> None:
    assert "[Sign in]" in translated.get("/sign-in").text
    page = translated.get("/no-such-page").text
    assert "[Page not found]" in page
    assert "[There is nothing here that you can see.]" in page
    refused = translated.post("/sign-up/confirm/used-up")
    assert refused.status_code == 409
    assert "[That is no longer possible]" in refused.text
    assert "[This link has been used already" in refused.text
