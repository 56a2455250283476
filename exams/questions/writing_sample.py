"""A writing sample: graded like an essay, and compared with what others wrote (`likeness`)."""

from exams.questions.rubric import parse, read, review, score, show, size

__all__ = ["parse", "read", "review", "score", "show", "size"]
