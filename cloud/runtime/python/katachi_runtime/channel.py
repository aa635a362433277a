"""The pipes to the cloud and from it: see `cloud/runtime/node/frames.mjs` for the frames."""

import os
import struct
import threading

_IN_FD = 3
_OUT_FD = 4
_LENGTH = struct.Struct("<I")

INIT = 1
INVOKE = 2
READY = 16
INIT_ERROR = 17
LOG = 18
RESPONSE = 19
ERROR = 20


class Channel:
    """Reads wait, writes are done when they return: what was logged before a crash is not lost."""

    def __init__(self):
        self._lock = threading.Lock()
        self._own = os.getpid()
        for fd in (_IN_FD, _OUT_FD):
            os.set_blocking(fd, True)
            # What a handler starts must not hold the pipes open.
            os.set_inheritable(fd, False)

    def read(self):
        """The next frame as (kind, body); None when the cloud is gone."""
        head = self._read_exactly(5)
        if head is None:
            return None
        (length,) = _LENGTH.unpack_from(head)
        body = self._read_exactly(length - 1)
        return None if body is None else (head[4], body)

    def _read_exactly(self, count):
        chunks = []
        while count > 0:
            chunk = os.read(_IN_FD, min(count, 1 << 20))
            if not chunk:
                return None
            chunks.append(chunk)
            count -= len(chunk)
        return b"".join(chunks)

    def send(self, kind, *parts):
        data = b"".join(parts)
        if os.getpid() != self._own:
            self._send_forked(kind, data)
            return
        frame = memoryview(_LENGTH.pack(len(data) + 1) + bytes((kind,)) + data)
        with self._lock:
            while frame:
                frame = frame[os.write(_OUT_FD, frame) :]

    def _send_forked(self, kind, data):
        """A child that a handler forked: the pipes are its parent's, what it logs goes to standard output."""
        if kind == LOG:
            os.write(1, data[1:])


def u32(value):
    return _LENGTH.pack(value)
