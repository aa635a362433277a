"""How errors are told: to the caller, and in the log."""

import sys
import traceback

_OWN_FILES = __file__.rsplit("/", 1)[0] + "/"
_BOOTSTRAP = __file__.rsplit("/", 2)[0] + "/bootstrap.py"


class Fault(Exception):
    """An error of the runtime itself; name and text are those that a caller of Lambda sees."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = f"Runtime.{kind}"
        self.message = message
        self.trace = trace


def current_error(request_id):
    """The exception that is being handled, as `Invoke` answers it."""
    kind, value, tb = sys.exc_info()
    if isinstance(value, Fault):
        return _result(value.message, value.kind, value.trace, request_id)
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(tb)]
    while frames and (frames[0][0].startswith(_OWN_FILES) or frames[0][0] == _BOOTSTRAP):
        frames.pop(0)
    return _result(str(value), kind.__name__, traceback.format_list(frames), request_id)


def _result(message, kind, trace, request_id):
    return {"errorMessage": message or "", "errorType": kind or "", "requestId": request_id, "stackTrace": trace or []}


def log_text(result):
    """An error as a text log shows it: indented by spaces that do not break."""
    message, kind = result["errorMessage"], result["errorType"]
    lines = ["[ERROR]" + (f" {kind}" if kind else "") + (f"{':' if kind else ''} {message}" if message else "")]
    lines.append("Traceback (most recent call last):")
    for element in result["stackTrace"]:
        for line in element.splitlines() or [""]:
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    return "\n".join(lines) + "\n"
