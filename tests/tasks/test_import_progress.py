"""An import under way: people see how far it is and can stop it; a worker's death changes nothing."""

import io
from collections.abc import Callable
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from portal import clock, files
from portal.access import Role
from portal.accounts.models import Account
from portal.db import engine, transaction
from portal.errors import Conflict
from tasks import jobs
from tasks.models import ImportState, Project, Task, TaskImport
from tasks.service import importing
from tasks.service.importing import Counts
from tests.conftest import Database
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
MAPPING = {"key": "key", "prompt": "prompt", "context": "context", "a": "a", "b": "b"}


def test_whoever_watches_is_told_of_both_passes(session: Session, make: Make) -> None:
    told: list[Counts] = []
    importing.import_tasks(
        session, make.project(), upload(1200), MAPPING, now=make.now, watch=told.append
    )
    assert told[0] == Counts(1200, 0)
    assert Counts(1200, 1000) in told
    assert told[-1] == Counts(1200, 1200, 1000)


def test_an_import_that_is_stopped_half_way_leaves_nothing(fresh_database: Database) -> None:
    import_id = requested(rows=1200)
    seen: list[int] = []

    class Stopping(jobs.Watch):
        """Somebody presses the button once 500 tasks are in."""

        def __call__(self, counts: Counts) -> None:
            seen.append(counts.entered)
            if counts.entered == 500:
                stop(import_id)
            super().__call__(counts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "Watch", Stopping)
        jobs.import_file(import_id)
    assert max(seen) == 500
    assert what_became(import_id) == (ImportState.CANCELLED, 0)
    jobs.import_file(import_id)  # the outbox may run it again
    assert what_became(import_id) == (ImportState.CANCELLED, 0)


def test_progress_can_be_read_while_the_import_has_not_committed(fresh_database: Database) -> None:
    import_id = requested(rows=1200)
    pages: list[tuple[int, int, int]] = []

    class Looking(jobs.Watch):
        """Somebody looks at the page from another connection each time."""

        def __call__(self, counts: Counts) -> None:
            super().__call__(counts)
            pages.append(numbers(import_id))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "Watch", Looking)
        jobs.import_file(import_id)
    assert (1200, 250, 0) in pages
    assert (1200, 1200, 500) in pages
    assert what_became(import_id) == (ImportState.DONE, 1200)


def test_an_import_whose_worker_died_is_taken_up_again(fresh_database: Database) -> None:
    import_id = requested(rows=3)
    with transaction() as session:
        session.get_one(TaskImport, import_id).start(now=clock.now(session))
    jobs.import_file(import_id)
    assert what_became(import_id) == (ImportState.DONE, 3)


def test_the_page_says_how_far_how_fast_and_how_long_yet(
    session: Session, make: Make, sign_in: SignIn
) -> None:
    project = make.project()
    browser = sign_in(make.account(Role.MANAGER))
    data = {"file": (io.BytesIO(upload(3).content), "t.csv"), "mapping": "key=key,prompt=prompt,context=context,a=a,b=b"}  # fmt: skip
    browser.post(f"/projects/{project.slug}/import", data=data)
    found = session.scalars(sa.select(TaskImport)).one()
    place = f"/projects/{project.slug}/imports/{found.public_id}"
    assert "Waiting for a free worker." in browser.get(place).text
    found.start(now=clock.now(session))
    found.total, found.checked, found.entered = 1000, 1000, 500
    session.flush()
    page = browser.get(f"{place}/progress").text
    assert "500 of 1,000 tasks put in" in page
    assert "rows a second" in page
    assert 'hx-trigger="every 1s"' in page
    assert browser.post(f"{place}/cancel").status_code == 302
    session.refresh(found)
    assert found.state is ImportState.CANCELLED
    page = browser.get(f"{place}/progress").text
    assert "nothing of the file went in" in page
    assert "hx-trigger" not in page


def test_what_has_ended_is_not_stopped_any_more(session: Session, make: Make) -> None:
    found = TaskImport(
        uuid4(), make.project().id, store(session, make, 1).id, "t.csv", {}, make.now, None
    )
    session.add(found)
    found.start(now=make.now)
    found.finish(added=1, already=0, now=make.now)
    importing.cancel(session, found, by=make.account().id, now=make.now)
    assert found.state is ImportState.DONE
    with pytest.raises(Conflict):
        found.cancel(now=make.now)


def upload(rows: int) -> importing.Upload:
    lines = "".join(f"{number},p,,a,b\n" for number in range(rows))
    return importing.Upload("t.csv", f"key,prompt,context,a,b\n{lines}".encode())


def store(session: Session, make: Make, rows: int) -> files.StoredFile:
    return files.store(session, upload(rows).content, media_type="text/csv", now=make.now)


def requested(*, rows: int) -> int:
    with transaction() as session:
        make = Make(session, clock.now(session))
        project: Project = make.project()
        by = make.account(Role.MANAGER).id
        asked = importing.request(
            session, project, upload(rows), MAPPING, gold=None, by=by, now=make.now
        )
        return asked.id


def stop(import_id: int) -> None:
    """From another connection, as the web process would."""
    with engine().begin() as connection:
        found = sa.update(TaskImport).where(TaskImport.id == import_id)
        connection.execute(found.values(state=ImportState.CANCELLED, ended_at=sa.func.now()))


def numbers(import_id: int) -> tuple[int, int, int]:
    columns = (TaskImport.total, TaskImport.checked, TaskImport.entered)
    with engine().connect() as connection:
        total, checked, entered = connection.execute(
            sa.select(*columns).where(TaskImport.id == import_id)
        ).one()
    return total, checked, entered


def what_became(import_id: int) -> tuple[ImportState, int]:
    with transaction() as session:
        tasks = session.scalar(sa.select(sa.func.count()).select_from(Task)) or 0
        return session.get_one(TaskImport, import_id).state, tasks
