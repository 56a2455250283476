"""The web process stays light: estimators and paper belong to workers and commands."""

import os
import subprocess
import sys
from pathlib import Path

_BUILD = """
import sys
from portal.app import create_app
create_app()
print(*sys.modules)
"""


def test_building_the_web_application_imports_no_heavy_library(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _BUILD],
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = told.stdout.split()
    assert "flask" in imported
    assert [name for name in ("torch", "scipy", "numpy", "weasyprint") if name in imported] == []


def test_the_served_application_keeps_what_start_up_made_out_of_the_collectors_way(
    tmp_path: Path,
) -> None:
    told = subprocess.run(
        [sys.executable, "-c", "import gc, wsgi; print(gc.isenabled(), gc.get_freeze_count())"],
        env=os.environ | {"DATA_DIR": str(tmp_path)},
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    enabled, frozen = told.stdout.split()
    assert enabled == "True", "requests need the collector"
    assert int(frozen) > 100_000
