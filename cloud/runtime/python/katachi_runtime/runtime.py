"""The life of a function's process: it is told who it is, loads the handler, and runs one event after the other."""

import json
import logging
import os
import sys
import time

from . import clock, logs, network, programs
from .channel import ERROR, INIT, INIT_ERROR, INVOKE, LOG, READY, RESPONSE, Channel, u32
from .context import LambdaContext
from .errors import Fault, current_error, log_text
from .loader import load_handler
from .marshal import read_event, to_json, write_answer
from .output import Output

# Debugging has no deadline: what `get_remaining_time_in_millis` counts from then.
_NO_DEADLINE_MS = 15 * 60 * 1000
_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024
# AWS: what the runtime says of code that cannot be loaded.
_UNHANDLED = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior. For functions using managed runtimes, "
    "runtime updates can be triggered by a function change, or can be applied automatically. To determine if the "
    "runtime has been updated, check the runtime version in the INIT_START log entry. If this error correlates with a "
    "change in the runtime version, you may be able to mitigate this error by temporarily rolling back to the previous "
    "runtime version. For more information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html\r"
)


class Runtime:
    def __init__(self):
        self._channel = Channel()
        self._output = Output(self._channel)
        clock.install()

    def run(self):
        try:
            self._run()
        finally:
            self._output.end()

    def _run(self):
        handler = None
        while True:
            frame = self._channel.read()
            if frame is None:
                return
            kind, body = frame
            if kind == INIT:
                handler = self._initialize(json.loads(body))
            elif kind == INVOKE:
                head_end = 4 + int.from_bytes(body[:4], "little")
                self._invoke(handler, json.loads(body[4:head_end]), body[head_end:])

    def _initialize(self, message):
        if message.get("env") is not None:
            os.environ.clear()
            os.environ.update(message["env"])
            time.tzset()
        clock.set_offset(message["offsetMs"])
        os.chdir(message["taskRoot"])
        sys.path[:0] = message["modulePath"]
        sys.path.extend(message["runtimePath"])
        logs.install(self._output.log)
        network.install(message["endpoint"])
        programs.install(message["taskRoot"], message.get("opt"))
        try:
            handler = load_handler(message["handler"])
        except Exception as error:
            self._explain(error, message["taskRoot"])
            failure = current_error("")
            logging.warning(_UNHANDLED)
            self._log_error(failure)
            self._output.end()
            self._channel.send(INIT_ERROR, b'{"error":', to_json(failure), b"}")
            sys.exit(1)
        self._output.end()
        self._channel.send(READY, b"{}")
        return handler

    def _invoke(self, handler, head, body):
        request_id = head["requestId"]
        clock.set_offset(head["offsetMs"])
        logs.set_request_id(request_id)
        trace = head.get("traceHeader")
        if trace is None:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        else:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        left_ms = head["leftMs"]
        deadline_ms = int(time.time() * 1000) + (left_ms if left_ms >= 0 else _NO_DEADLINE_MS)
        try:
            context = LambdaContext(head, deadline_ms, self._output.log)
            answer = write_answer(handler(read_event(body), context))
        except Exception:
            failure = current_error(request_id)
            self._log_error(failure)
            self._output.end()
            self._channel.send(ERROR, u32(_memory_kib()), b'{"fatal":false,"error":', to_json(failure), b"}")
            return
        self._output.end()
        self._channel.send(RESPONSE, u32(_memory_kib()), answer)

    def _log_error(self, failure):
        if logs.is_json():
            line = {"timestamp": logs.now(), "level": "ERROR", **failure}
            self._output.log(to_json(line).decode("utf-8") + "\n")
        else:
            self._output.log(log_text(failure))

    def _explain(self, error, task_root):
        """On Lambda boto3 is there, and what a build has put into the package; here only what is installed."""
        missing = getattr(error.__cause__, "name", None) if isinstance(error, Fault) else None
        name = missing.split(".")[0] if isinstance(missing, str) else None
        if name in ("boto3", "botocore"):
            text = f"{name} is part of Lambda's runtime, but not installed here: python3 -m pip install boto3"
        elif name and os.path.exists(os.path.join(task_root, "requirements.txt")):
            text = (
                f"{name} is not in the function's package. What requirements.txt names is put there by a build: "
                f"python3 -m pip install -r requirements.txt -t {task_root}"
            )
        else:
            return
        self._channel.send(LOG, b"\0", f"Katachi: {text}\n".encode())


def _memory_kib():
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE_KIB
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak // 1024 if sys.platform == "darwin" else peak
