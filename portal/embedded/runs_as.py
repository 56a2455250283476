"""Whom PostgreSQL runs as: it refuses root, so root needs a way round, remembered in the data folder."""

import os
import subprocess
from enum import StrEnum
from pathlib import Path
from typing import Final

from portal.embedded.errors import EmbeddedError
from portal.embedded.process import Identity

NOBODY: Final = 65534
_UNSHARE: Final = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}")


class RunsAs(StrEnum):
    """How the server of one data folder is run, from its first start on."""

    OWNER = "owner"  # plainly, by an ordinary user
    NAMESPACE = "namespace"  # by root, who is nobody in a user namespace: files stay root's
    NOBODY = "nobody"  # by root, as uid 65534, which then owns the files


def decide(record: Path) -> RunsAs:
    """Say how the server of the folder that holds `record` is run, and write it there.

    Raises `EmbeddedError` where the folder was begun in a way that this account or machine cannot go on with.
    """
    known = RunsAs(record.read_text(encoding="ascii").strip()) if record.exists() else None
    possible = _possible()
    chosen = known or possible
    if chosen is not possible and not (chosen is RunsAs.NOBODY and os.geteuid() == 0):
        raise EmbeddedError(_mismatch(record, chosen))
    if known is None:
        record.write_text(f"{chosen}\n", encoding="ascii")
    return chosen


def identity(runs_as: RunsAs) -> Identity:
    """Turn the way into what `spawn` understands."""
    match runs_as:
        case RunsAs.OWNER:
            return Identity()
        case RunsAs.NAMESPACE:
            return Identity(prefix=_UNSHARE)
        case RunsAs.NOBODY:
            return Identity(uid=NOBODY)


def require_way(to: Path) -> None:
    """Refuse a folder that uid 65534 cannot reach, naming the first folder it may not enter."""
    for folder in [*reversed(to.resolve().parents), to.resolve()]:
        if folder.exists() and not may_enter(folder):
            raise EmbeddedError(
                f"PostgreSQL will not run as root, and as uid {NOBODY} it may not enter {folder}."
                f" Mend: chmod o+x {folder}, or choose another place with --data, or run as an"
                " ordinary user."
            )


def may_enter(folder: Path) -> bool:
    """Tell whether uid 65534 may pass through `folder`."""
    return _test_as_nobody("-x", folder)


def may_run(program: Path) -> bool:
    """Tell whether uid 65534 may read and execute `program` where it lies."""
    return _test_as_nobody("-r", program) and _test_as_nobody("-x", program)


def _possible() -> RunsAs:
    if os.geteuid() != 0:
        return RunsAs.OWNER
    return RunsAs.NAMESPACE if _namespaces_work() else RunsAs.NOBODY


def _namespaces_work() -> bool:
    try:
        return subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def _test_as_nobody(question: str, path: Path) -> bool:
    told = subprocess.run(
        ["/usr/bin/test", question, path], user=NOBODY, group=NOBODY, extra_groups=[], check=False
    )
    return told.returncode == 0


def _mismatch(record: Path, chosen: RunsAs) -> str:
    folder = record.parent
    match chosen:
        case RunsAs.OWNER:
            return (
                f"{folder} was made by an ordinary user and would be spoilt by root."
                " Mend: run as that user, or choose another place with --data."
            )
        case RunsAs.NAMESPACE if os.geteuid() == 0:
            return (
                f"{folder} was made in a user namespace, which this machine does not allow now."
                f" Mend: chown -R {NOBODY}:{NOBODY} {folder}/data && echo {RunsAs.NOBODY} > {record}"
            )
        case _:
            return f"{folder} was made by root. Mend: run as root, or choose another place with --data."
