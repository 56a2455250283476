"""Structured logs: one JSON line an event, on standard error, in every process of the product."""

import sys

import structlog


def configure() -> None:
    """Log as JSON with level, time and whatever is bound; tracebacks as text, without local values."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
