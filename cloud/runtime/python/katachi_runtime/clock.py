"""Moves `time` and `datetime` in this process by what the cloud's clock is ahead. Monotonic clocks, timers and the times
of files stay real.

Gap: what reads the machine's time by itself (native modules, child processes) sees that.
"""

import datetime as _module
import time as _time

_offset_ns = 0
_real_time = _time.time
_real_time_ns = _time.time_ns
_RealDate = _module.date
_RealDatetime = _module.datetime


def set_offset(ms):
    global _offset_ns
    _offset_ns = int(ms * 1_000_000)


def _now():
    return _real_time() + _offset_ns / 1e9 if _offset_ns else _real_time()


class _TimeOrNow:
    """Not a function: `logging.Formatter.converter = time.gmtime` must not make a method of it."""

    def __init__(self, real):
        self._real = real

    def __call__(self, seconds=None):
        return self._real(_now() if seconds is None else seconds)


class _DateType(type):
    def __instancecheck__(cls, instance):
        return isinstance(instance, cls._real)

    def __subclasscheck__(cls, subclass):
        return issubclass(subclass, cls._real)


class _Date(_RealDate, metaclass=_DateType):
    _real = _RealDate

    def __repr__(self):
        return f"datetime.{super().__repr__()}"

    @classmethod
    def today(cls):
        return cls.fromtimestamp(_now())


class _Datetime(_RealDatetime, metaclass=_DateType):
    _real = _RealDatetime

    def __repr__(self):
        return f"datetime.{super().__repr__()}"

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(_now(), tz)

    @classmethod
    def utcnow(cls):
        return cls.fromtimestamp(_now(), _module.timezone.utc).replace(tzinfo=None)

    @classmethod
    def today(cls):
        return cls.fromtimestamp(_now())


def install():
    _time.time = _now
    _time.time_ns = lambda: _real_time_ns() + _offset_ns
    _time.gmtime = _TimeOrNow(_time.gmtime)
    _time.localtime = _TimeOrNow(_time.localtime)
    _time.ctime = _TimeOrNow(_time.ctime)
    real_asctime, real_strftime = _time.asctime, _time.strftime
    _time.asctime = lambda t=None: real_asctime(_time.localtime() if t is None else t)
    _time.strftime = lambda format, t=None: real_strftime(format, _time.localtime() if t is None else t)
    for moved, name in ((_Date, "date"), (_Datetime, "datetime")):
        moved.__name__ = moved.__qualname__ = name
        moved.__module__ = "datetime"
        setattr(_module, name, moved)
