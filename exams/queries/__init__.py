"""Finding what this package keeps: rows through the person wherever they are a person's."""

from exams.queries.qualifications import live_qualifications

__all__ = ["live_qualifications"]
