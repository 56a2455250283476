"""The rules of an adaptive design, as a document: how long, how exact, from which areas, how often each."""

from typing import Literal, Self

from pydantic import Field, model_validator

from exams.questions import Strict

Decide = Literal["sprt", "glr", "bayes"]
Criterion = Literal["maximum information", "randomesque", "progressive"]


class AreaRule(Strict):
    """So many questions of an area in each test."""

    area: str = Field(min_length=1)
    least: int = Field(default=0, ge=0, le=200)
    most: int | None = Field(default=None, ge=0, le=200)


class RulesDocument(Strict):
    """What each test drawn from the bank is like."""

    shortest: int = Field(ge=5, le=200)
    longest: int = Field(ge=5, le=200)
    standard_error: float | None = Field(default=None, ge=0.1, le=1)
    """It ends once the ability is known to this."""
    decide: Decide | None = None
    """How it ends once it is sure on which side of the pass mark somebody is; None: never for that."""
    indifference: float = Field(default=0.25, gt=0, le=1)
    """Half the region around the pass mark in which either side will do."""
    wrong: float = Field(default=0.05, gt=0, lt=0.5)
    """The share of wrong decisions at its edges, on either side."""
    ceiling: float = Field(default=0.25, gt=0, le=1)
    """The share of tests in which a question may come at most (Sympson, Hetter 1985)."""
    criterion: Criterion = "maximum information"
    areas: list[AreaRule] = Field(default_factory=list, max_length=40)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.longest < self.shortest:
            raise ValueError("the longest test is shorter than the shortest")
        if len({one.area for one in self.areas}) != len(self.areas):
            raise ValueError("an area has two rules")
        return self
