"""Python reads this before a process's first line: its wall clock can then be stepped from outside.

Only tests put this folder on a process's path (tests/campaign/clocks.py). What a process asks
Python is stepped. What C code asks the kernel is not: gRPC's core and TLS keep the right time, and
gRPC's Python half with them, because a real step moves both halves together.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import mmap
import os
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

# As in tests/campaign/clocks.py: the step that is asked for, and the last one that this process was
# told; in seconds.
ASKED, TOLD, SIZE = 0, 8, 16


def _read_by(file: Path) -> Callable[[], float]:
    with file.open("r+b") as opened:
        page = mmap.mmap(opened.fileno(), SIZE)

    def step() -> float:
        (asked,) = struct.unpack_from("d", page, ASKED)
        struct.pack_into("d", page, TOLD, asked)
        return float(asked)

    return step


def _let_grpc_keep_its_time() -> None:
    import grpc._channel  # the modules that ask the time
    import grpc._server
    import grpc.aio  # noqa: F401

    kept = SimpleNamespace(**vars(time))
    for name in [name for name in sys.modules if name.startswith("grpc")]:
        module = sys.modules[name]
        if getattr(module, "time", None) is time:
            setattr(module, "time", kept)  # noqa: B010  # no module declares it


def _step(step: Callable[[], float]) -> None:
    seconds, nanoseconds = time.time, time.time_ns

    def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(time.time(), tz)

    def utcnow(cls: type[datetime.datetime]) -> datetime.datetime:
        return cls.fromtimestamp(time.time(), datetime.UTC).replace(tzinfo=None)

    time.time = lambda: seconds() + step()
    time.time_ns = lambda: nanoseconds() + int(step() * 1_000_000_000)
    # A subclass would not be what C code makes and compares: the type itself must learn it.
    time.time()  # shows that whoever runs here can be stepped
    (methods,) = gc.get_referents(datetime.datetime.__dict__)
    methods.update(now=classmethod(now), utcnow=classmethod(utcnow))
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


def _main() -> None:
    folder, module = os.environ.get("STEPPED_CLOCKS"), sys.orig_argv[-1]
    if folder is None or not (file := Path(folder, module)).is_file():
        return
    if not module.endswith(".worker"):  # a worker never imports grpc
        _let_grpc_keep_its_time()
    _step(_read_by(file))


_main()
