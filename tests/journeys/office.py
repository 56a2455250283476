"""What an exam office does beyond grading: pass marks, scoring again, extra time, what is worth a look."""

import re

import sqlalchemy as sa

from exams.models import AnswerFlag, Attempt, FlagKind
from portal.embedded.postgres import DATABASE, OWNER, running, url
from portal.ids import random_id
from tests.journeys.product import Product
from tests.journeys.walker import Walker


def call_a_panel(walker: Walker, slug: str, judges: list[str]) -> str:
    """The manager asks judges for a pass mark; gives the panel's path."""
    walker.visit(f"/exams/manage/{slug}/pass-mark")
    walker.look("pass-mark")
    walker.fill(borderline="Explains a decision kindly, and slips on the clause now and then.")
    for judge in judges:
        walker.page.get_by_label(judge).check()
    walker.press("Call it together")
    walker.look("panel-called")
    return walker.path()


def rate(walker: Walker, of_hundred: int) -> None:
    """A judge rates every question and hands the round in."""
    walker.visit("/exams")
    walker.page.locator("main a", has_text="rate round 1").click()
    walker.look("my-ratings")
    walker.press("Question 1")
    walker.look("rating")
    while "/mine/" in walker.path():
        walker.fill(of_hundred=str(of_hundred))
        walker.press("Keep and go on")
    walker.press("Hand the round in")
    assert "Your round is handed in." in walker.text()


def see_the_round(walker: Walker, panel: str) -> None:
    """What the judges' ratings come to; whoever called them together does not set the mark."""
    walker.visit(panel)
    walker.until("What round 1 came to")
    walker.look("panel-shown")
    assert "a second manager sets the mark" in walker.text()


def ask_for_scoring_again(walker: Walker, slug: str) -> str:
    """A question is to count for nobody: the difference first; gives its path."""
    walker.visit(f"/exams/manage/{slug}/rescoring")
    walker.page.locator("[name=version]").select_option(index=1)
    walker.page.locator("[name=cause][value=voided]").check()
    walker.fill(reason="Two of its answers can be defended.")
    walker.press("Show the difference")
    walker.until("What it would come to")
    walker.look("difference")
    return walker.path()


def score_again(walker: Walker, path: str) -> None:
    """A second person has seen the difference, and lets it happen."""
    walker.visit(path)
    walker.look("difference-to-approve")
    walker.press("Score them again")
    walker.until("What it came to")
    walker.look("scored-again")


def ask_for_time(walker: Walker) -> None:
    """Half as much time again, without proof."""
    walker.visit("/exams/time")
    walker.page.locator("[name=time][value='1.5']").check()
    walker.press("Ask")
    assert "within two working days" in walker.text()
    walker.look("time-asked")


def arrange_time(walker: Walker, name: str) -> None:
    """Compliance answers."""
    walker.visit("/compliance/accommodations")
    walker.look("time-desk")
    walker.press(re.compile(f"the request of {name}"))
    walker.look("time-case")
    walker.page.locator("[name=verdict][value=for]").check()
    walker.page.locator("main form:has([name=verdict]) button[type=submit]").click()
    walker.page.wait_for_load_state("load")
    assert "the person has been told" in walker.text()


def flag_two_attempts(product: Product) -> None:
    """Put a flag where the daily look puts it: the sample world has too few people to raise one."""
    folder = running(product.folder / "data" / "postgres")
    assert folder is not None
    engine = sa.create_engine(url(folder, OWNER, DATABASE))
    with engine.begin() as connection:
        pair = connection.scalars(sa.select(Attempt.id).order_by(Attempt.id).limit(2)).all()
        connection.execute(
            sa.insert(AnswerFlag).values(
                public_id=random_id(),
                kind=FlagKind.SIMILAR,
                attempt_id=pair[0],
                other_attempt_id=pair[1],
                compared=19_900,
                by_chance=19.9,
                false_share=0.02,
                evidence={"matches": 27, "questions": 30, "omega": 6.2, "flagged": 3},
                raised_at=sa.func.now(),
            )
        )
    engine.dispose()


def settle_the_flag(walker: Walker) -> None:
    """A person looks at it, and finds nothing."""
    walker.visit("/exams/flags")
    walker.look("flags")
    walker.page.locator("main table a").first.click()
    walker.look("flag")
    walker.page.locator("[name=outcome][value=explained]").check()
    walker.fill(words="Both learnt from the same course; the matches are right answers.")
    walker.page.locator("main form:has([name=outcome]) button[type=submit]").click()
    walker.page.wait_for_load_state("load")
    assert "Recorded. Nothing else follows from it." in walker.text()
