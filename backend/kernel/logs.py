"""JSON logs with a request id; ids and codes only, never names, numbers or readings."""

import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError


class Discreet(structlog.tracebacks.ExceptionDictTransformer):
    """Types and frames; of what goes back to the database no words, for it tells whole rows."""

    def __call__(self, exc_info: Any) -> list[dict[str, Any]]:
        """The exception and its causes."""
        told = super().__call__(exc_info)
        if any(isinstance(each, SQLAlchemyError | psycopg.Error) for each in _chain(exc_info[1])):
            for each in told:
                each.update(exc_value="", exc_notes=[])
        return told


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def configure(level: str) -> None:
    """Let this process write one JSON object a line to its standard output."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(Discreet(show_locals=False)),
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stdout),
        cache_logger_on_first_use=False,
    )


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def _json(event: Any, **_: Any) -> str:
    """As `json.dumps` would, which makes itself an encoder for each line."""
    return _ENCODER.encode(event)
