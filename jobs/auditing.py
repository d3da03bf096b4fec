"""Seals the log of disclosures; sees that emergencies are told of and judged."""

from sqlalchemy.exc import IntegrityError

from backend import auditing
from backend.kernel.entry import now
from backend.kernel.transaction import transaction
from jobs.sweeping import each


def seal() -> int:
    """Seal everything that waits; where another process is quicker, leave it to that one."""
    total = 0
    while True:
        with transaction():
            batch = auditing.waiting()
        if batch is None:
            return total
        try:
            with transaction():
                sealed = auditing.set_seal(batch)
        except IntegrityError:
            return total
        total += sealed


def make_months() -> int:
    """Have partitions for the months to come."""
    with transaction():
        return auditing.make_months(now().today)


def escalate() -> int:
    """What nobody reviewed in time goes to the consortium and the auditors."""
    return each(
        lambda failed: auditing.unreviewed(now(), failed),
        lambda access_id: auditing.escalate(now(), auditing.hold_access(now(), access_id)),
    )


def plan_calls() -> int:
    """Where no message reached the resident in time, the house is to call."""
    return each(
        lambda failed: auditing.untold(now(), failed, auditing.TOLD_WITHIN),
        lambda access_id: auditing.plan_call(now(), auditing.hold_access(now(), access_id)),
    )
