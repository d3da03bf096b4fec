"""How much processor time a service of the stack has used, with all its children."""

import os
from pathlib import Path

from tools.launch.service import Service

_TICKS = os.sysconf("SC_CLK_TCK")


def spent_s(*services: Service) -> float:
    """Seconds of user and system time, those of children that have ended included.

    Only Linux tells; elsewhere it is nothing.
    """
    return sum(of_tree(each.child.pid) for each in services if each.child and each.child.pid)


def of_tree(pid: int) -> float:
    """The same of one program by its number."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended, and is counted with its parent
        return 0.0
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5), counted from the third.
    used = sum(map(int, own[11:15])) / _TICKS
    return used + sum(of_tree(int(child)) for child in children)
