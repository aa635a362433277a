"""Events and answers as JSON.

Gap: named tuples are written as lists; Lambda's simplejson writes objects.
"""

import decimal
import json
import math
import os
import uuid

from .errors import Fault

_UNICODE_SINCE = (3, 12)


class _Encoder(json.JSONEncoder):
    """Writes decimals as the numbers that they are."""

    def __init__(self):
        super().__init__(ensure_ascii=not _writes_unicode())
        self._mark = uuid.uuid4().hex
        self._decimals = []

    def default(self, value):
        if not isinstance(value, decimal.Decimal):
            return super().default(value)
        if value.is_nan():
            return math.nan
        self._decimals.append(str(value))
        return f"{self._mark}{len(self._decimals) - 1}."

    def encode(self, value):
        text = super().encode(value)
        for index, number in enumerate(self._decimals):
            text = text.replace(f'"{self._mark}{index}."', number, 1)
        return text


def _writes_unicode():
    """AWS: from python3.12 on, answers hold characters instead of escapes ("Python 3.12 runtime now available")."""
    version = os.environ.get("AWS_EXECUTION_ENV", "").rsplit("python", 1)[-1]
    try:
        return tuple(int(part) for part in version.split(".")) >= _UNICODE_SINCE
    except ValueError:
        return True


def to_json(value):
    return _Encoder().encode(value).encode("utf-8")


def read_event(body):
    try:
        return json.loads(body)
    except Exception as error:
        raise Fault("UnmarshalError", f"Unable to unmarshal input: {error}") from None


def write_answer(value):
    """Bytes are the answer as they are, everything else is written as JSON."""
    if isinstance(value, bytes):
        return value
    try:
        return to_json(value)
    except Exception as error:
        raise Fault("MarshalError", f"Unable to marshal response: {error}") from None
