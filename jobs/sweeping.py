"""How a sweep goes through what is due: one item a transaction, one bad item alone."""

from collections.abc import Callable, Collection, Sequence
from uuid import UUID

import structlog

from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction

log = structlog.get_logger(__name__)


ENOUGH = 500  # so that a sweep stays short; the next one takes the rest

Due = Callable[[Collection[UUID]], Sequence[UUID]]


def each(due: Due, act: Callable[[UUID], object]) -> int:
    """Do `act` for each id in a transaction of its own; returns how many succeeded.

    An item that fails is logged and left due: the next sweep tries it again. `due` is asked anew
    without those that failed, so what stands behind them has its turn however many they are.
    """
    done, failed = 0, set[UUID]()
    while done < ENOUGH and (found := _found(due, failed)):
        well = [item for item in found if _alone(item, act)]
        failed |= set(found) - set(well)
        done += len(well)
    return done


def until_none(some: Callable[[], int]) -> int:
    """Do `some`, each time in a transaction of its own, until it finds nothing more to do."""
    total = 0
    while True:
        with transaction():
            done = some()
        total += done
        if not done:
            return total


def _found(due: Due, failed: Collection[UUID]) -> Sequence[UUID]:
    with transaction():
        return due(failed)


def _alone(item: UUID, act: Callable[[UUID], object]) -> bool:
    try:
        with transaction():
            act(item)
    except Refusal as refusal:
        # Somebody was quicker, or it is no longer due.
        log.info("passed over", item=str(item), why=refusal.code)
        return False
    except Exception as failure:
        log.error("item failed", item=str(item), error=type(failure).__name__)
        return False
    finally:
        db.session.remove()
    return True
