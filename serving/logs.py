"""Log lines as JSON, one object each, without anything that came in a request's body."""

from __future__ import annotations

import contextvars
import json
import logging
import time
import traceback

request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
"""The id of the request at work, or of the several that one model call answers."""

OWN_LOGGER = "bentoml.frenkel"
NOISY_LOGGERS = ("", "bentoml", "uvicorn", "uvicorn.error", "circus", OWN_LOGGER)


class JsonLine(logging.Formatter):
    """A record as one line of JSON.

    Of an exception only its kind and where it was raised are shown: its words may quote the text
    that was being read.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Time (UTC), level, logger and message, then what the record carries in ``fields``."""
        milliseconds = int(record.msecs)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line: dict[str, object] = {
            "time": f"{stamp}.{milliseconds:03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (current := request_id.get()) is not None:
            line["request_id"] = current
        line |= getattr(record, "fields", {})
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            line["exception"] = kind.__name__
            line["raised_at"] = [
                f"{frame.filename}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(trace)[-8:]
            ]
        return json.dumps(line)


def log_as_json() -> None:
    """Give every handler that is set up in this process the JSON form, and our logger one."""
    handlers = {
        handler for name in NOISY_LOGGERS for handler in logging.getLogger(name or None).handlers
    }
    for handler in handlers:
        handler.setFormatter(JsonLine())
    logging.getLogger(OWN_LOGGER).setLevel(logging.INFO)
