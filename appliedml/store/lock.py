"""One writer at a time: two people who sign a run at once must not lose a record."""

from __future__ import annotations

import errno
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from appliedml.errors import RunError

LOCK = ".lock"
"""Name of the lock's own file where the system cannot lock a folder."""
_held = threading.local()


@contextmanager
def locked(folder: Path, seconds: float = 60.0) -> Iterator[None]:
    """Keep every other writer of a run folder waiting.

    Parameters
    ----------
    folder : Path
    seconds : float
        How long to wait for another writer.

    Raises
    ------
    RunError
        If the other writer is not done in time.

    Notes
    -----
    The lock is the system's own on the folder, so that a process that dies lets go of it. Within one thread it may be
    taken again.
    """
    key = str(folder.resolve())
    held: dict[str, int] = _held.__dict__
    if held.get(key):
        yield
        return
    with ExitStack() as stack:
        until = time.monotonic() + seconds
        while not _take(folder, stack):
            if time.monotonic() > until:
                raise RunError(
                    f"{folder} is being written by another process since {seconds:.0f} seconds. Wait for it and try "
                    f"again; if there is none, delete {folder / LOCK} where it exists."
                )
            time.sleep(0.05)
        held[key] = 1
        try:
            yield
        finally:
            held.pop(key, None)


def _take(folder: Path, stack: ExitStack) -> bool:
    """Take the lock and leave its release to the stack; False where another holds it."""
    if sys.platform == "win32":
        return _take_by_file(folder, stack)
    import fcntl
    import os

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise RunError(f"{folder} cannot be opened: {error.strerror or error}.") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        # A file system that cannot lock folders, such as some network drives, gets a file instead.
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else _take_by_file(folder, stack)
    stack.callback(os.close, handle)
    return True


def _take_by_file(folder: Path, stack: ExitStack) -> bool:
    path = folder / LOCK
    try:
        path.open("x").close()
    except FileExistsError:
        return False
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}.") from error
    stack.callback(path.unlink, missing_ok=True)
    return True
