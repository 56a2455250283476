"""Which module answers for which task type."""

from typing import Final

from tasks.models import TaskType
from tasks.types.preference import Preference
from tasks.types.protocol import Kind
from tasks.types.reasoning_review import ReasoningReview

_KINDS: Final[dict[TaskType, Kind]] = {
    TaskType.PREFERENCE: Preference(),
    TaskType.REASONING_REVIEW: ReasoningReview(),
}


def kind(task_type: TaskType) -> Kind:
    """The rules of a task type."""
    return _KINDS[task_type]
