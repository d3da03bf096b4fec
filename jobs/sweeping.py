"""How a sweep goes through what is due: one item a transaction, one bad item alone."""

from collections.abc import Callable, Iterable
from uuid import UUID

import structlog

from backend.kernel.database import db
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction

log = structlog.get_logger(__name__)


def each(due: Iterable[UUID], act: Callable[[UUID], object]) -> int:
    """Do `act` for each id in a transaction of its own; returns how many succeeded.

    An item that fails is logged and left due: the next sweep tries it again.
    """
    return sum(_alone(item, act) for item in list(due))


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
