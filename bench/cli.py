"""`manage.py bench NAME`: one JSON object a line for each scenario."""

import sys
from collections.abc import Callable, Sequence

from bench import authorised_read, booking, flatness, login, plan_reminders, rush, sender, timetable
from tools.launch.supervisor import stop_at_signals

BENCHES: dict[str, Callable[[Sequence[str]], int]] = {
    "booking": booking.main,
    "login": login.main,
    "authorised-read": authorised_read.main,
    "timetable": timetable.main,
    "rush": rush.main,
    "flatness": flatness.main,
    "sender": sender.main,
    "plan-reminders": plan_reminders.main,
}


def main(arguments: Sequence[str]) -> int:
    """Measure one by name, or name those there are."""
    name, *rest = arguments or ["help"]
    if name not in BENCHES:
        print(f"python3 manage.py bench {{{','.join(BENCHES)}}} [--quick]", file=sys.stderr)
        return 0 if name in {"help", "-h", "--help"} else 2
    stop_at_signals()
    return BENCHES[name](rest)
