"""An essay, graded by two people after a rubric."""

from exams.questions.rubric import parse, read, review, score, show, size

__all__ = ["parse", "read", "review", "score", "show", "size"]
