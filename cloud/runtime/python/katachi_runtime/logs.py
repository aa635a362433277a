"""What `logging` writes: the formats of Lambda's Python runtimes, text and JSON. AWS: "Log and monitor Python Lambda
functions"."""

import json
import logging
import os
import time
import traceback

_DATE = "%Y-%m-%dT%H:%M:%S"
_TEXT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
_OWN_FIELDS = {
    *logging.makeLogRecord({}).__dict__,
    "message",
    "asctime",
    "aws_request_id",
    "tenant_id",
}

_request_id = ""


def set_request_id(request_id):
    global _request_id
    _request_id = request_id


def is_json():
    return os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def now():
    return time.strftime(f"{_DATE}Z", time.gmtime())


def _with_request_id(record):
    record.aws_request_id = _request_id
    return True


class _JsonFormatter(logging.Formatter):
    def format(self, record):
        record.levelno = min(50, max(0, record.levelno)) // 10 * 10
        record.levelname = logging.getLevelName(record.levelno)
        error = record.exc_info or None
        result = {
            "timestamp": self.formatTime(record, f"{_DATE}Z"),
            "level": record.levelname,
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            "stackTrace": error and traceback.format_tb(error[2]),
            "errorType": error and error[0] and error[0].__name__,
            "errorMessage": error and str(error[1]),
            "requestId": _request_id,
            "location": error and f"{record.pathname}:{record.funcName}:{record.lineno}",
        }
        for name, value in record.__dict__.items():
            if name not in _OWN_FIELDS and name not in result:
                result[name] = value
        shown = {name: value for name, value in result.items() if value is not None}
        return json.dumps(shown, ensure_ascii=False, default=str) + "\n"


class _Handler(logging.Handler):
    """AWS: code looks for it by this name: the root logger has a handler already, so `basicConfig` does nothing."""

    def __init__(self, log):
        super().__init__()
        self._log = log

    def emit(self, record):
        try:
            self._log(self.format(record))
        except Exception:
            self.handleError(record)


_Handler.__name__ = _Handler.__qualname__ = "LambdaLoggerHandler"


def install(log):
    logging.Formatter.converter = time.gmtime
    handler = _Handler(log)
    handler.setFormatter(_JsonFormatter() if is_json() else logging.Formatter(_TEXT, _DATE))
    handler.addFilter(_with_request_id)
    root = logging.getLogger()
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}.get(level, level)
    if level in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
        root.setLevel(level)
    root.addHandler(handler)
