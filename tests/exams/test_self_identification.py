"""What people say of themselves: theirs to give, change and take back, and nobody else's to read."""

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from exams.models import SelfIdentification
from exams.service import self_identification as service
from portal import audit
from portal.access import Role
from portal.accounts.models import Account
from portal.db import reading, transaction
from portal.errors import Invalid
from portal.ids import uuid7
from tests.conftest import Database
from tests.make import Make

SignIn = Callable[[Account], FlaskClient]
_PATH = "/applications/about-you"
_SAID = {"gender": "woman", "age": "45-to-59", "minority": "not-said"}
_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def person(make: Make) -> Account:
    account = make.applicant()
    make.application(account)
    return account


def test_it_is_said_shown_to_its_person_changed_and_taken_back(
    session: Session, person: Account, sign_in: SignIn
) -> None:
    browser = sign_in(person)
    assert "Nothing of this is kept of you now" in browser.get(_PATH).text
    assert browser.post(_PATH, data=_SAID).status_code == 303
    page = browser.get(_PATH).text
    assert _checked(page) == {"gender": "woman", "age": "45-to-59", "minority": "not-said"}
    assert browser.post(_PATH, data=_SAID | {"gender": "not-said"}).status_code == 303
    assert _checked(browser.get(_PATH).text)["gender"] == "not-said"
    assert browser.post(f"{_PATH}/take-back").status_code == 303
    assert "Nothing of this is kept of you now" in browser.get(_PATH).text
    assert session.scalar(sa.select(SelfIdentification)) is None


def test_the_page_says_what_it_is_for_who_sees_it_and_that_it_changes_nothing(
    person: Account, sign_in: SignIn
) -> None:
    page = sign_in(person).get(_PATH).text
    for said in ("It changes nothing for you", "Who sees it", "Nobody who decides about you"):
        assert said in page
    assert page.count("Prefer not to say") >= 3
    assert _checked(page) == dict.fromkeys(_SAID, "not-said")


def test_saying_nothing_keeps_nothing(session: Session, make: Make, person: Account) -> None:
    nothing = dict.fromkeys(service.ATTRIBUTES, service.NOT_SAID)
    service.say(session, person.id, _SAID, now=make.now)
    service.say(session, person.id, nothing, now=make.now)
    assert session.scalar(sa.select(SelfIdentification)) is None
    service.take_back(session, person.id)


def test_what_was_not_offered_is_refused(session: Session, make: Make, person: Account) -> None:
    with pytest.raises(Invalid):
        service.say(session, person.id, {"gender": "wombat"}, now=make.now)


def test_a_form_without_an_answer_is_shown_again(person: Account, sign_in: SignIn) -> None:
    refused = sign_in(person).post(_PATH, data={"gender": "woman"})
    assert refused.status_code == 422
    assert "Choose one" in refused.text


def test_it_is_asked_only_of_people_who_applied(make: Make, sign_in: SignIn) -> None:
    browser = sign_in(make.applicant())
    assert browser.get(_PATH).status_code == 404
    assert browser.post(_PATH, data=_SAID).status_code == 404
    assert browser.post(f"{_PATH}/take-back").status_code == 404


def test_the_application_leads_to_it(make: Make, sign_in: SignIn) -> None:
    account = make.applicant()
    application = make.application(account)
    browser = sign_in(account)
    for page in (f"/applications/{application.public_id}", "/applications/mine"):
        assert _PATH in browser.get(page).text


def test_what_is_kept_cannot_be_read_without_the_key_nor_moved_to_another(
    session: Session, make: Make, person: Account
) -> None:
    service.say(session, person.id, _SAID, now=make.now)
    kept = session.scalars(sa.select(SelfIdentification)).one()
    assert b"woman" not in kept.sealed
    other = make.account()
    moved = SelfIdentification(account_id=other.id, sealed=kept.sealed, said_at=make.now)
    with pytest.raises(Exception, match="cannot unseal"):
        service.opened(moved)


def test_the_audit_says_nothing_of_it(session: Session, person: Account, sign_in: SignIn) -> None:
    counted = sa.select(sa.func.count()).select_from(audit.AuditEvent)
    before = session.scalar(counted)
    browser = sign_in(person)
    browser.post(_PATH, data=_SAID)
    browser.post(f"{_PATH}/take-back")
    assert session.scalar(counted) == before


def test_the_web_sees_the_row_of_the_person_it_acts_for_and_no_other(
    fresh_database: Database,
) -> None:
    first, second = _two_people()
    with transaction() as session:
        service.say(session, first, _SAID, now=session.scalars(sa.select(sa.func.now())).one())
    with transaction() as session:
        service.say(session, second, _SAID, now=session.scalars(sa.select(sa.func.now())).one())
    rows = sa.select(SelfIdentification.account_id)
    with reading() as session:
        assert session.scalars(rows).all() == []
        assert session.scalar(sa.text("SELECT count(*) FROM personal.self_identification")) == 0
    with reading() as session:
        assert service.own(session, first) is not None
        assert session.scalars(rows).all() == [first]
    with transaction() as session:
        assert service.own(session, first) is not None
        gone = session.execute(
            sa.delete(SelfIdentification).where(SelfIdentification.account_id == second)
        )
        assert gone.rowcount == 0  # type: ignore[attr-defined]  # a cursor's result
    for_another = sa.insert(SelfIdentification).values(
        account_id=second, sealed=b"0" * 40, said_at=sa.func.now()
    )
    with transaction() as session:
        service.own(session, first)
        with pytest.raises(DBAPIError, match="row-level security"):
            session.execute(for_another)
        session.rollback()


def test_without_row_security_the_web_would_see_everybody(fresh_database: Database) -> None:
    """What the test above rests on: taken away, the same question finds the row."""
    first, _second = _two_people()
    with transaction() as session:
        service.say(session, first, _SAID, now=session.scalars(sa.select(sa.func.now())).one())
    engine = sa.create_engine(fresh_database.owner, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.execute(
            sa.text("ALTER TABLE personal.self_identification DISABLE ROW LEVEL SECURITY")
        )
    engine.dispose()
    with reading() as session:
        assert session.scalars(sa.select(SelfIdentification.account_id)).all() == [first]


def test_whom_one_transaction_named_the_next_one_has_forgotten(fresh_database: Database) -> None:
    first, _second = _two_people()
    with transaction() as session:
        service.say(session, first, _SAID, now=session.scalars(sa.select(sa.func.now())).one())
    with reading() as session:
        assert service.own(session, first) is not None
    with reading() as session:
        assert session.scalars(sa.select(SelfIdentification)).all() == []


def test_the_worker_reads_all_and_writes_none(fresh_database: Database) -> None:
    first, _second = _two_people()
    with transaction() as session:
        service.say(session, first, _SAID, now=session.scalars(sa.select(sa.func.now())).one())
    engine = sa.create_engine(fresh_database.worker, poolclass=sa.NullPool)
    with engine.connect() as connection:
        read = connection.scalars(sa.select(SelfIdentification.account_id)).all()
        assert read == [first]
        with pytest.raises(DBAPIError, match="permission denied"):
            connection.execute(sa.update(SelfIdentification).values(sealed=b"1" * 40))
    engine.dispose()


def test_only_its_own_service_and_the_sums_know_the_table() -> None:
    """Whoever adds a route that reads it has to add a line here, and say why."""
    allowed = {
        "exams/fairness_jobs.py",
        "exams/models/__init__.py",
        "exams/models/fairness.py",
        "exams/service/self_identification.py",
    }
    assert set(_knowing("SelfIdentification", "self_identification")) == allowed | {
        "exams/fairness_words.py",  # the name for not saying
        "exams/service/erasure.py",  # takes it back with all else
        "exams/views/self_identifying.py",  # the person's own page
    }
    assert set(_knowing("SelfIdentification")) == allowed


def test_the_persons_page_asks_for_nobody_elses() -> None:
    view = (_ROOT / "exams/views/self_identifying.py").read_text("utf-8")
    calls = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(view))
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("service.")
    ]
    assert len(calls) == 3
    for call in calls:
        assert "person().account_id" in call or ", me," in call


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.CLIENT_READER])
def test_no_role_finds_a_word_of_it_on_the_persons_pages(
    session: Session, make: Make, person: Account, sign_in: SignIn, role: Role
) -> None:
    service.say(session, person.id, _SAID, now=make.now)
    session.commit()
    browser = sign_in(make.account(role))
    for page in (
        _PATH,
        f"/people/{person.public_id}",
        f"/admin/accounts/{person.public_id}",
        "/admin/audit",
        "/applications",
        "/account/records",
    ):
        said = browser.get(page).text
        assert "45-to-59" not in said
        assert "45 to 59" not in said


def _two_people() -> tuple[int, int]:
    with transaction() as session:
        now = session.scalars(sa.select(sa.func.now())).one()
        made = [
            Account(
                public_id=uuid7(now),
                email=f"{name}@example.org",
                display_name=name,
                created_at=now,
                time_zone="UTC",
                country="KE",
            )
            for name in ("first", "second")
        ]
        session.add_all(made)
        session.flush()
        return made[0].id, made[1].id


def _checked(page: str) -> dict[str, str]:
    """Which choice of each question is marked."""
    found = {}
    for tag in re.findall(r"<input[^>]*type=\"radio\"[^>]*>", page):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value and " checked" in tag:
            found[name[1]] = value[1]
    return found


def _knowing(*words: str) -> list[str]:
    """The product's modules in which one of the words stands."""
    return [
        str(path.relative_to(_ROOT))
        for name in ("portal", "exams", "tasks", "payouts")
        for path in sorted((_ROOT / name).rglob("*.py"))
        if any(word in path.read_text("utf-8") for word in words)
    ]
