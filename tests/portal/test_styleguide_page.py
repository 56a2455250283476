"""The guide is open to everybody, whole, and made of the calls it prints."""

import re
from html.parser import HTMLParser

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from wtforms import SelectChoice, SelectField, StringField

from portal.shell.styleguide import COMPONENTS, SampleForm


class Ids(HTMLParser):
    """Collects ids, and what refers to them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.wanted: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids += [values["id"]] if "id" in values else []
        for name in ("for", "aria-describedby", "aria-labelledby", "data-dialog"):
            self.wanted += values.get(name, "").split()
        if tag == "a" and values.get("href", "").startswith("#"):
            self.wanted.append(values["href"][1:])


@pytest.fixture
def page(client: FlaskClient) -> str:
    answer = client.get("/styleguide/")
    assert answer.status_code == 200
    return answer.text


def test_a_stranger_sees_every_component(page: str) -> None:
    assert [name for name in COMPONENTS if f'id="{name}"' not in page] == []


def test_no_example_is_empty(page: str) -> None:
    shown = re.findall(r'<div class="guide__shown">(.*?)</div>\s*<details', page, re.DOTALL)
    assert len(shown) > 25
    assert [text for text in shown if len(text.strip()) < 30] == []


def test_every_reference_on_the_page_leads_somewhere(page: str) -> None:
    found = Ids(page)
    assert sorted(set(found.wanted) - set(found.ids)) == []


def test_the_exams_layout_has_no_navigation_to_wander_off_by(client: FlaskClient) -> None:
    text = client.get("/styleguide/exam").text
    assert "<nav" not in text
    assert "Question 11 of 24" in text


@pytest.fixture
def invalid(app: Flask) -> str:
    """A page with a form that was sent empty."""
    source = (
        '{% extends "layout_plain.html" %}{% from "ui/form.html" import field, form as form_of %}'
        "{% block title %}Apply{% endblock %}"
        '{% block main %}{% call form_of(form) %}{{ field(form.name, hint="As on your passport") }}'
        "{{ field(form.hours) }}{{ field(form.english) }}{{ field(form.verdict) }}{{ field(form.terms) }}"
        "{% endcall %}{% endblock %}"
    )
    with app.test_request_context("/apply", method="POST"):
        form = SampleForm()
        form.validate()
        return render_template_string(source, form=form)


def test_a_page_with_errors_says_so_in_its_title(invalid: str) -> None:
    assert re.search(r"<title>Error: Apply · Touchstone</title>", invalid)


def test_each_error_is_linked_to_a_field_and_said_there_again(invalid: str) -> None:
    summary = invalid.partition("data-error-summary")[2].partition("</ul>")[0]
    links = dict(re.findall(r'<a href="#([\w-]+)">([^<]+)</a>', summary))
    assert links["name"] == "Enter your full name"
    assert set(links) <= set(Ids(invalid).ids)
    assert invalid.count("Enter your full name") == 2


def test_hint_and_error_are_tied_to_their_control(invalid: str) -> None:
    control = re.search(r'<input[^>]*id="name"[^>]*>', invalid)
    assert control is not None
    assert 'aria-describedby="name-hint name-error"' in control.group()
    assert 'aria-invalid="true"' in control.group()


def test_the_browser_leaves_the_checking_to_the_server(invalid: str) -> None:
    assert "novalidate" in invalid
    assert not re.search(r"<(input|select|textarea)[^>]*\srequired", invalid)


class Lists(FlaskForm):  # type: ignore[misc]  # flask_wtf publishes no types
    """Nothing here is required."""

    class Meta:
        """Nothing is sent."""

        csrf = False

    note = StringField("Note")
    kind = SelectField("Kind", choices=["one", "two"])
    client = SelectField(
        "Client", choices=[SelectChoice("", "Nobody"), SelectChoice("1", "Lantern")]
    )


def test_only_what_may_be_left_empty_is_called_optional(app: Flask) -> None:
    source = (
        '{% from "ui/form.html" import field %}{% for each in form %}{{ field(each) }}{% endfor %}'
    )
    with app.test_request_context("/"):
        text = render_template_string(source, form=Lists())
    assert re.findall(r"for=\"(\w+)\">\w+ <span class=\"field__optional\">", text) == [
        "note",
        "client",
    ]


def test_errors_are_listed_in_the_order_of_the_page_and_not_of_the_code(app: Flask) -> None:
    source = (
        '{% from "ui/form.html" import field, form as form_of %}'
        "{% call form_of(form) %}{{ field(form.terms) }}{{ field(form.verdict) }}{{ field(form.name) }}{% endcall %}"
    )
    with app.test_request_context("/apply", method="POST"):
        form = SampleForm()
        form.validate()
        text = render_template_string(source, form=form)
    summary = text.partition("data-error-summary")[2].partition("</ul>")[0]
    shown = [
        name
        for name in re.findall(r'href="#([\w-]+)"', summary)
        if name in {"terms", "verdict-0", "name"}
    ]
    assert shown == ["terms", "verdict-0", "name"]
