"""No secret in the server's log at any level: messages, tracebacks and stacks are redacted.

Jupyter takes tokens out of the addresses that it logs itself; what extensions, tornado and tracebacks say it
writes as it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from ..redaction import redact

_EVENTS = "jupyter_events"
"""Its handlers get events, which are no text, for whoever has subscribed."""


class Redaction(logging.Filter):
    """Lets every record pass, without the secrets in it. A record in which there is none stays as it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001  # a wrong format, or a value without a text: logging tells of it
            self._redact_parts(record)
        else:
            shown = redact(message)
            if shown != message:
                record.msg, record.args = shown, ()
        self._redact_traceback(record)
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True

    def _redact_parts(self, record: logging.LogRecord) -> None:
        """What logging shows of a record that it cannot format."""
        record.msg = _redacted(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(map(_redacted, record.args))
        elif record.args:
            record.args = {name: _redacted(value) for name, value in record.args.items()}

    def _redact_traceback(self, record: logging.LogRecord) -> None:
        text = record.exc_text
        if record.exc_info and not text:
            text = logging.Formatter().formatException(record.exc_info)
        if text and (shown := redact(text)) != text:
            record.exc_text = shown
            record.exc_info = None  # else a handler could format it once more


def install(log: logging.Logger | logging.LoggerAdapter[Any]) -> Callable[[], None]:
    """Redact what this logger and all others of the process write; the function returned ends that.

    Handlers that are added later are not covered, nor is what was written before: Jupyter shows its address
    with the token that it has made up when it starts, for people to copy, before extensions are started.
    """
    redact("")  # has loaded what it needs then: what a signal's handler logs may come in the middle of that
    redaction = Redaction()
    handlers = [
        each for each in _handlers(log) if not any(isinstance(old, Redaction) for old in each.filters)
    ]
    for handler in handlers:
        handler.addFilter(redaction)

    def remove() -> None:
        for handler in handlers:
            handler.removeFilter(redaction)

    return remove


def _handlers(log: logging.Logger | logging.LoggerAdapter[Any]) -> list[logging.Handler]:
    """Each once. Tornado's loggers pass on to the server's; every extension may have handlers of its own."""
    found = {id(handler): handler for logger in _loggers(log) for handler in logger.handlers}
    if logging.lastResort is not None:
        found[id(logging.lastResort)] = logging.lastResort
    return list(found.values())


def _loggers(log: logging.Logger | logging.LoggerAdapter[Any]) -> Iterator[logging.Logger]:
    yield log if isinstance(log, logging.Logger) else log.logger
    yield logging.root
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if isinstance(logger, logging.Logger) and name.partition(".")[0] != _EVENTS:
            yield logger


def _redacted(value: object) -> object:
    """The value itself when nothing in it is secret."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except Exception:  # noqa: BLE001  # then logging cannot show it either
        return value
    shown = redact(text)
    return value if shown == text else shown
