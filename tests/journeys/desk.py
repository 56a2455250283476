"""What the people behind the product do: roles, projects, time, pay runs, cases."""

import re
from pathlib import Path

from tests.journeys.account import Newcomer
from tests.journeys.walker import Walker

_ROWS = "key,prompt,a,b\nj-1,Which is safer?,Call for help.,Wait and see.\nj-2,Which is clearer?,No.,Perhaps.\n"


def give_role(walker: Walker, person: Newcomer, role: str, organisation: str) -> None:
    """The administrator gives somebody a role."""
    walker.visit(f"/admin/accounts?q={person.address}")
    walker.look("accounts")
    walker.press(person.name)
    walker.fill(role=role, organisation=organisation)
    walker.press("Give this role")
    assert "The role is given." in walker.text()
    walker.look("role-given")


def import_tasks(walker: Walker, folder: Path) -> None:
    """Bring two tasks in from a file; the same file again adds nothing."""
    file = folder / "two.csv"
    file.write_text(_ROWS, "utf-8")
    walker.visit("/projects/")
    walker.look("projects")
    _preference_project(walker)
    walker.look("project")
    for words in ("2", "Already there"):
        walker.press(re.compile("^(Import tasks|Another import)$"))
        walker.page.locator("input[type=file][name=file]").set_input_files(file)
        walker.fill(mapping="key=key,prompt=prompt,a=a,b=b")
        walker.press("Import")
        walker.page.wait_for_url("**/imports/*")
        walker.until("Already there")
        assert words in walker.text()
    assert b"Already there" in walker.fetch(f"{walker.path()}/progress")
    walker.look("import-done")


def approve_time(walker: Walker, name: str) -> None:
    """Look at one expert's week, decide on the minutes they ask for, and approve it."""
    for address in _projects(walker):
        walker.visit(address)
        link = walker.page.locator("main a", has_text=f"{name}, week from")
        if not link.count():
            continue
        link.first.click()
        walker.look("timesheet-to-approve")
        walker.press("Let it count")
        if "/timesheets/" not in walker.path():
            walker.visit(address)
            walker.page.locator("main a", has_text=f"{name}, week from").first.click()
        walker.press("Approve")
        return
    raise AssertionError(f"no timesheet of {name} waits")


def build_run(walker: Walker) -> str:
    """Preview and build a pay run; gives its path."""
    walker.visit("/pay-runs/")
    walker.until("Preview a run", seconds=90)
    walker.look("pay-runs")
    walker.press("Preview a run")
    walker.look("pay-run-preview")
    walker.press("Build this run")
    walker.look("pay-run-built")
    return walker.path()


def sign_run(walker: Walker, path: str) -> None:
    """Another person signs exactly these lines, and watches them being paid."""
    walker.visit(path)
    walker.look("pay-run-to-sign")
    walker.press("Sign these lines")
    walker.until("tr_", seconds=90)
    walker.look("pay-run-signed")


def decide(walker: Walker, name: str, *, verdict: str, reason: str) -> None:
    """Decide about what waits under the name in the queue of applications and results."""
    walker.visit("/applications")
    walker.look("queue")
    walker.page.locator("main table a", has_text=name).last.click()
    walker.look(f"decide-{verdict}")
    walker.page.locator(f"[name=verdict][value={verdict}]").check()
    walker.fill(reason=reason)
    walker.page.locator("main form button[type=submit]").last.click()
    walker.page.wait_for_load_state("load")
    assert "Recorded" in walker.text()


def _projects(walker: Walker) -> list[str]:
    walker.visit("/projects/")
    return [
        link
        for link in walker.links()
        if link.count("/") == 2 and link[:10] == "/projects/" and link[10:] not in {"", "new"}
    ]


def _preference_project(walker: Walker) -> None:
    first = [link for link in _projects(walker) if "preference" in link or "harassment" in link]
    walker.visit((first or _projects(walker))[0])
