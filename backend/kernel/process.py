"""No process of ours outlives the one that started it, not even when that one is killed."""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def arm(death_signal: int, parent: int) -> None:
    """Ask the kernel (Linux) for `death_signal` when the thread that started this process ends.

    Changing the user clears the request, so it comes last; a parent already gone ends us here.
    """
    prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), death_signal)


def die_with_parent() -> None:
    """End this process at once when its parent ends; to be called at import, in the main thread."""
    starter = multiprocessing.parent_process()
    parent = (starter.pid if starter else None) or os.getppid()
    if sys.platform == "linux":
        arm(signal.SIGKILL, parent)
    else:
        threading.Thread(target=watch, args=(parent,), daemon=True).start()


def watch(parent: int) -> None:
    """Where the kernel cannot tell: look every half second."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def _load_prctl() -> Callable[..., int]:
    """The C function, loaded before any fork; does nothing where there is none."""
    if sys.platform != "linux":
        return lambda *_: 0
    function: Callable[..., int] = ctypes.CDLL(None).prctl
    return function


prctl = _load_prctl()
