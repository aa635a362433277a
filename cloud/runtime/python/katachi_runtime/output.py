"""Standard output and error: each line is an event of the log, in order with what `logging` writes and with the answer."""

import io
import sys

from .channel import LOG

_RAW = b"\0"


class _Lines(io.RawIOBase):
    """Takes bytes, and sends them line by line."""

    def __init__(self, channel, fd):
        self._channel = channel
        self._fd = fd
        self._rest = b""

    def writable(self):
        return True

    def fileno(self):
        return self._fd

    def write(self, data):
        data = bytes(data)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._channel.send(LOG, _RAW, line, b"\n")
        return len(data)

    def end(self):
        """Sends what no end of line has followed."""
        rest, self._rest = self._rest, b""
        if rest:
            self._channel.send(LOG, _RAW, rest)


class Output:
    def __init__(self, channel):
        self._channel = channel
        self._lines = [_Lines(channel, 1), _Lines(channel, 2)]
        sys.stdout, sys.stderr = (
            io.TextIOWrapper(lines, encoding="utf-8", errors="backslashreplace", write_through=True)
            for lines in self._lines
        )

    def log(self, text):
        """One event, of as many lines as it has."""
        end = "" if text.endswith("\n") else "\n"
        self._channel.send(LOG, _RAW, (text + end).encode("utf-8", "backslashreplace"))

    def end(self):
        for lines in self._lines:
            lines.end()
