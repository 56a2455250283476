"""Static files: kept by the browser for good under an address that changes with their content."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.access import Role
from portal.accounts.models import Account
from portal.shell.versions import version_of
from tests.make import Make

STATIC = Path(__file__).resolve().parents[2] / "portal" / "static"
_NAMED = re.compile(r"""(?:\bfrom |\bimport |import\()["']([^"']+)|url\(["']?([^"')]+)""")
SignIn = Callable[[Account], FlaskClient]


@pytest.fixture
def version(app: Flask) -> str:
    return str(app.extensions["static_version"])


def test_every_file_that_a_page_names_carries_the_version_and_is_kept_for_good(
    client: FlaskClient, version: str
) -> None:
    named = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get("/").text)
    assert len(named) >= 5
    for address in named:
        assert address.startswith(f"/static/{version}/"), address
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_of_experts_and_of_the_styleguide_name_versions_only(
    make: Make, sign_in: SignIn, version: str
) -> None:
    browser = sign_in(make.account(Role.EXPERT))
    for path in ("/", "/work/", "/styleguide/", "/styleguide/exam", "/styleguide/work"):
        named = re.findall(r'"(/static/[^"]+)"', browser.get(path, follow_redirects=True).text)
        assert named, path
        assert [each for each in named if not each.startswith(f"/static/{version}/")] == []


def test_what_modules_and_style_sheets_import_lies_under_the_same_version() -> None:
    """They name their neighbours relative to themselves: so the version goes with them."""
    scripts = [*STATIC.glob("js/*.js"), *STATIC.glob("css/*.css")]
    scripts.remove(
        STATIC / "css" / "report.css"
    )  # for PDFs only, whose fonts come by a scheme of ours
    named = {file.name: ["".join(pair) for pair in _NAMED.findall(_code(file))] for file in scripts}
    assert sum(map(len, named.values())) > 10
    for file in scripts:
        for address in named[file.name]:
            assert address.startswith(("./", "../")) or "/" not in address, (file.name, address)
            assert (file.parent / address).is_file(), (file.name, address)


def test_a_module_that_another_imports_is_kept_for_good_too(
    client: FlaskClient, version: str
) -> None:
    with client.get(f"/static/{version}/js/dialog.js") as answer:
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]


def test_templates_name_static_files_through_the_version_only() -> None:
    root = STATIC.parents[1]
    templates = (
        file
        for package in ("portal", "exams", "tasks", "payouts")
        for file in (root / package).rglob("*.html")
        if "templates/stripe/" not in file.as_posix()  # the sandbox's: another application's pages
    )
    assert [str(file) for file in templates if "/static/" in file.read_text("utf-8")] == []


def test_a_file_under_an_older_version_is_found_but_not_to_be_kept(client: FlaskClient) -> None:
    with client.get("/static/0123456789ab/js/main.js") as answer:
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-cache"


def test_what_is_not_there_is_not_kept(client: FlaskClient, version: str) -> None:
    answer = client.get(f"/static/{version}/js/none.js")
    assert answer.status_code == 404
    assert "immutable" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/0123456789ab/../../app.py", "/static/0123456789ab/"]
)
def test_nothing_outside_the_folder_is_served(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_the_version_changes_with_any_name_or_content(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    script = tmp_path / "js" / "a.js"
    script.write_text("1")
    first = version_of(tmp_path)
    assert version_of(tmp_path) == first
    script.write_text("2")
    second = version_of(tmp_path)
    script.rename(tmp_path / "js" / "b.js")
    assert len({first, second, version_of(tmp_path)}) == 3


def _code(file: Path) -> str:
    """The file without comments."""
    return re.sub(
        r"/\*.*?\*/|^\s*//.*$", "", file.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE
    )
