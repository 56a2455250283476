"""What must hold of the whole product whatever is added to it."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("portal", "exams", "tasks", "payouts", "demo")
_SOURCES = sorted(path for name in _PACKAGES for path in (_ROOT / name).rglob("*.py"))


def test_the_web_process_loads_neither_torch_nor_scipy_nor_numpy_nor_weasyprint() -> None:
    code = (
        "import json, sys; from portal.app import create_app; create_app();"
        "heavy = {'torch', 'scipy', 'numpy', 'weasyprint'};"
        "print(json.dumps(sorted(heavy & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []


def test_every_template_parses(app: Flask) -> None:
    names = app.jinja_env.list_templates(extensions=["html", "txt"])
    assert len(names) > 20
    for name in names:
        app.jinja_env.get_template(name)


@pytest.mark.parametrize("path", _SOURCES, ids=lambda path: str(path.relative_to(_ROOT)))
def test_only_the_edges_commit(path: Path) -> None:
    calls = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "commit"
    ]
    allowed = path.is_relative_to(_ROOT / "portal" / "db") or "sandbox" in path.parts
    assert allowed or calls == []


def test_no_template_carries_a_style_or_a_script_of_its_own() -> None:
    for name in _PACKAGES:
        for path in (_ROOT / name).rglob("*.html"):
            text = path.read_text("utf-8")
            assert " style=" not in text, path
            assert "<style" not in text, path
            assert "<script>" not in text, path
            assert " onclick=" not in text, path
