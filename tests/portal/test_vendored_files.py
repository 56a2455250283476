"""What others wrote lies here unchanged, with its licence, and the page loads nothing else."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "portal" / "static"
FOLDERS = [STATIC / "vendor", ROOT / "tests" / "vendor"]
LICENCES = {"OFL-1.1", "0BSD", "BSD-0-Clause", "MIT", "BSD-3-Clause", "MPL-2.0"}


def differences(folder: Path) -> list[str]:
    """Files that are missing, changed or not in the folder's lock."""
    lock = json.loads((folder / "vendor.json").read_text())
    expected = {name: digest for package in lock for name, digest in package["files"].items()}
    found = {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file() and file.name != "vendor.json"
    }
    return sorted(
        name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_file_is_what_the_lock_says(folder: Path) -> None:
    assert differences(folder) == []


def test_one_changed_byte_is_noticed(tmp_path: Path) -> None:
    copy = tmp_path / "vendor"
    shutil.copytree(STATIC / "vendor", copy)
    script = copy / "htmx" / "htmx.min.js"
    script.write_bytes(script.read_bytes() + b" ")
    (copy / "htmx" / "extra.js").write_text("")
    assert differences(copy) == ["htmx/extra.js", "htmx/htmx.min.js"]


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_every_package_names_version_licence_and_integrity(folder: Path) -> None:
    for package in json.loads((folder / "vendor.json").read_text()):
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"])
        assert package["licence"] in LICENCES
        algorithm, _, digest = package["integrity"].partition("-")
        assert (algorithm, len(base64.b64decode(digest))) == ("sha512", 64)
        assert [name for name in package["files"] if name.endswith("/LICENSE")]


def test_every_address_in_a_style_sheet_is_a_file_of_ours() -> None:
    for sheet in (STATIC / "css").glob("*.css"):
        for address in re.findall(r"url\([\"']?([^)\"']+)", sheet.read_text()):
            if address.startswith("touchstone:"):
                assert list((STATIC / "vendor").glob(f"*/{address.removeprefix('touchstone:')}")), (
                    address
                )
            else:
                assert (sheet.parent / address).resolve().is_file(), address


def test_nothing_of_ours_loads_from_elsewhere() -> None:
    own = [
        *(STATIC / "css").glob("*.css"),
        *(STATIC / "js").glob("*.js"),
        *(STATIC / "brand").iterdir(),
    ]
    for file in own:
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), file


def test_our_modules_need_neither_evaluation_nor_inline_styles() -> None:
    for module in (STATIC / "js").glob("*.js"):
        found = re.search(
            r"\beval\b|new Function|innerHTML|\.style\b|insertAdjacentHTML", module.read_text()
        )
        assert found is None, module
