"""What the packages bring to the shell: collected once by the factory, so that no import goes up."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint
from flask_babel import LazyString
from sqlalchemy.orm import Session

from portal.access import Role


@dataclass(frozen=True)
class NavigationItem:
    """A tab of the header, shown to holders of one of the roles."""

    label: LazyString
    endpoint: str
    roles: frozenset[Role]
    order: int
    section: str
    """URL prefix under which this tab is the current one, such as `/work`."""


@dataclass(frozen=True)
class Panel:
    """A piece of a page, rendered for one account; returns None where it has nothing to say.

    `render(session, account_id, now)`; the account is the viewer on the home page and the person
    looked at on a person's page.
    """

    render: Callable[[Session, int, datetime], str | None]
    roles: frozenset[Role]
    order: int
    wide: bool = True
    """Main column, or the narrower one beside it."""


@dataclass(frozen=True)
class ProjectTab:
    """A tab of a project's page: links `endpoint` with the project's `slug`."""

    label: LazyString
    endpoint: str
    roles: frozenset[Role]
    order: int


@dataclass(frozen=True)
class ReportSection:
    """A section of an expert's performance report.

    `build(session, account_id, start, end)` reads the half-open period and gives the template's
    context, or None where the section has nothing to show.
    """

    name: str
    template: str
    build: Callable[[Session, int, datetime, datetime], dict[str, Any] | None]
    order: int


@dataclass(frozen=True)
class Sweep:
    """A job that finds overdue states, at least once in each slot of `every`."""

    name: StrEnum
    every: timedelta


_installed: Final[dict[str, "Contributions"]] = {}


@dataclass
class Contributions:
    """Everything the packages bring. Filled by their `register` modules, then only read."""

    demo: bool = False
    """Whether this is the demo, where more may be registered than elsewhere."""
    blueprints: list[Blueprint] = field(default_factory=list)
    navigation: list[NavigationItem] = field(default_factory=list)
    home_panels: list[Panel] = field(default_factory=list)
    start_panels: list[Panel] = field(default_factory=list)
    """On the public start page: rendered for nobody, with account id 0; `roles` says nothing."""
    person_panels: list[Panel] = field(default_factory=list)
    record_panels: list[Panel] = field(default_factory=list)
    """On "what we record about you": what a package keeps of the person; `roles` says nothing."""
    project_tabs: list[ProjectTab] = field(default_factory=list)
    people_scopes: list[Callable[[int], sa.Select[int]]] = field(default_factory=list)
    """Each gives the ids of accounts that a viewer (by account id) may look at through the package."""
    erasure_obstacles: list[Callable[[Session, int], list[LazyString]]] = field(
        default_factory=list
    )
    """Why an account's data cannot be erased yet, and how that ends: money that is owed, a duty."""
    erasers: list[Callable[[Session, int, datetime], list[int]]] = field(default_factory=list)
    """Each erases what its package keeps of an account, and may run twice; gives ids of stored files
    whose bytes go too. What must be said outside goes into the outbox under a key that is stored."""
    report_sections: list[ReportSection] = field(default_factory=list)
    clock_badge: Callable[[Session, int, datetime], str | None] | None = None
    """Renders the running clock in the header of an expert's pages."""
    webhook_handlers: dict[str, StrEnum] = field(default_factory=dict)
    """Stripe event type → job; the job gets the id of the stored webhook event."""
    identity_listeners: list[StrEnum] = field(default_factory=list)
    """Jobs that get an identity check's id when it settles."""
    appeal_listeners: list[StrEnum] = field(default_factory=list)
    """Jobs that get an appeal's id when it is upheld; each acts only on its own kinds."""
    confidential_decisions: set[str] = field(default_factory=set)
    """Kinds of decisions that compliance alone answers appeals against: nobody else may know of them."""
    subject_pages: dict[str, Callable[[Session, int], str]] = field(default_factory=dict)
    """What a decision is about (`attempt`) → the page that shows it to whoever answers an appeal."""
    decision_titles: dict[str, LazyString] = field(default_factory=dict)
    """A decision's kind → the sentence that heads its page, such as "New tasks are paused"."""
    job_names: list[type[StrEnum]] = field(default_factory=list)
    job_modules: list[str] = field(default_factory=list)
    """Import paths of `jobs.py` modules: the worker imports them, the web process never does."""
    sweeps: list[Sweep] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    """`module:attribute` of click groups or commands for the `touchstone` command line."""
    seeders: list[str] = field(default_factory=list)
    """`module:function(session_factory…)` run by `touchstone seed`, in order."""

    def known_job_names(self) -> set[str]:
        """Every job name that a package declared."""
        return {member.value for names in self.job_names for member in names}

    def install(self) -> None:
        """Make these what `installed()` gives: jobs have no web application to ask."""
        _installed["contributions"] = self


def installed() -> Contributions:
    """What the packages contributed to this process."""
    return _installed["contributions"]
