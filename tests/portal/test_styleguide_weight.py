"""A slow line is not made to wait: text travels compressed, unchanged, and only once."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import Client
from werkzeug.wrappers import Response

from portal.shell.compressed import compressed

GZIP = {"Accept-Encoding": "gzip, br"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("p { color: red; }\n" * 50)
    (tmp_path / "a.woff2").write_bytes(b"font")
    return tmp_path


@pytest.fixture
def static(folder: Path) -> Client:
    inner = Response("plain", status=200)
    return Client(compressed(inner, folder, prefix="/static/", max_age=60))


def test_text_arrives_compressed_and_unchanged(static: Client, folder: Path) -> None:
    answer = static.get("/static/css/a.css", headers=GZIP)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data) == (folder / "css" / "a.css").read_bytes()
    assert answer.mimetype == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=60"


def test_a_style_sheet_travels_with_its_imports_inside_it(folder: Path) -> None:
    (folder / "css" / "all.css").write_text('@import url("a.css");\n@import url("b.css");\n')
    (folder / "css" / "b.css").write_text("b { color: blue; }")
    client = Client(compressed(Response("plain"), folder, prefix="/static/", max_age=60))
    text = gzip.decompress(client.get("/static/css/all.css", headers=GZIP).data).decode()
    assert text.count("color: red") == 50
    assert text.index("red") < text.index("blue")
    assert "@import" not in text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/css/a.css", {}),
        ("/static/css/a.css", {"Accept-Encoding": "gzip;q=0"}),
        ("/static/a.woff2", GZIP),
        ("/static/none.css", GZIP),
        ("/static/../secret.css", GZIP),
    ],
)
def test_everything_else_is_left_to_the_application(
    static: Client, path: str, headers: dict[str, str]
) -> None:
    assert static.get(path, headers=headers).text == "plain"


def test_what_the_browser_has_is_not_sent_again(static: Client) -> None:
    tag = static.get("/static/css/a.css", headers=GZIP).headers["ETag"]
    again = static.get("/static/css/a.css", headers={**GZIP, "If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def sizes(client: FlaskClient, path: str) -> dict[str, int]:
    """Bytes on the line for a page and everything it loads at first sight, as a browser asks for it."""
    page = client.get(path)
    found = {path: len(page.data)}
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    modules = {f"/static/js/{name}.js" for name in re.findall(r'"\./(\w+)\.js"', main_module())}
    for address in sorted(addresses | modules | {"/static/js/device.js"}):
        with client.get(address, headers=GZIP) as answer:
            assert answer.status_code == 200, address
            found[address] = len(answer.data)
    return found


def test_one_style_sheet_carries_every_part_of_the_design(client: FlaskClient) -> None:
    with client.get("/static/css/touchstone.css", headers=GZIP) as answer:
        text = gzip.decompress(answer.data).decode()
    assert "@import" not in text
    assert [
        part for part in ("--streak:", "@font-face", ".card ", ".chart__streak") if part not in text
    ] == []
    assert text.index("@layer tokens, base, layout, components, utilities;") < text.index(
        "@layer base {"
    )


def main_module() -> str:
    static = Path(__file__).resolve().parents[2] / "portal" / "static"
    return (static / "js" / "main.js").read_text()


@pytest.mark.parametrize("path", ["/styleguide/exam", "/styleguide/work"])
def test_a_first_view_fits_150_kilobytes_and_a_later_one_30(
    app: Flask, client: FlaskClient, path: str
) -> None:
    found = sizes(client, path)
    assert sum(found.values()) <= 150_000
    assert found[path] <= 30_000


def test_the_script_that_swaps_parts_of_pages_fits_a_later_view(client: FlaskClient) -> None:
    with client.get("/static/vendor/htmx/htmx.min.js", headers=GZIP) as answer:
        assert len(answer.data) <= 20_000
