"""Why there is nothing to do just now: each reason says what to do about it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from flask_babel import lazy_gettext as _


class Reason(StrEnum):
    """What keeps an expert from being handed a task."""

    NO_TERMS = "no_terms"
    NEW_TERMS = "new_terms"
    NOT_OPEN = "not_open"
    ACCOUNT_PAUSED = "account_paused"
    NO_QUALIFICATION = "no_qualification"
    ENROLMENT_PAUSED = "enrolment_paused"
    DAY_CAP = "day_cap"
    WEEK_CAP = "week_cap"
    JUDGMENT_CAP = "judgment_cap"
    NO_OPEN_TASK = "no_open_task"


@dataclass(frozen=True)
class NothingLeft:
    """No task was handed out, and why."""

    reason: Reason


SENTENCES: Final = {
    Reason.NO_TERMS: _("You have not accepted this project's agreement and rate yet. Read it to begin."),
    Reason.NEW_TERMS: _("Other hours hold here by now. Read and accept the new terms to be handed tasks again."),
    Reason.NOT_OPEN: _("This project is not handing out tasks just now. It will show here when it does."),
    Reason.ACCOUNT_PAUSED: _("Your account is paused while a person looks. What you have earned stays yours."),
    Reason.NO_QUALIFICATION: _("This project asks for a qualification you do not hold now. Take its exam to work here."),
    Reason.ENROLMENT_PAUSED: _("New tasks are paused while a person looks at your recent answers. You will be told the outcome."),
    Reason.DAY_CAP: _("You have reached today's hours in this project. New tasks wait for you tomorrow."),
    Reason.WEEK_CAP: _("You have reached this week's hours in this project. New tasks wait for you on Monday."),
    Reason.JUDGMENT_CAP: _("You have answered as many tasks as this project takes from one person. Choose another project."),
    Reason.NO_OPEN_TASK: _("You have seen every task that is open here. New ones will show when the client adds them."),
}  # fmt: skip
