"""Makes sessions, frees what was offered and not taken, gives free seats to those who wait."""

from collections.abc import Sequence
from uuid import UUID

import structlog

from backend import clinics
from backend.kernel import entry
from backend.kernel.errors import Refusal
from backend.kernel.transaction import transaction
from jobs.sweeping import ENOUGH, each, until_none

log = structlog.get_logger(__name__)
BATCH = 25  # with twenty seats each: 500 rows a commit


def generate() -> int:
    """Make every session that the booking horizon lacks, a batch a transaction."""
    total = 0
    while True:
        with transaction():
            found = clinics.generate(entry.now(), BATCH)
        total += found
        if not found:
            return total


def lapse() -> int:
    """Free the seats whose offers have run out."""
    return until_none(lambda: clinics.lapse(entry.now()))


def fill_waiting() -> int:
    """Offer every free seat that somebody waits for, each person in a transaction of its own."""
    offered, last = 0, None
    while sessions := _vacancies(last):
        offered += sum(_filled(session_id) for session_id in sessions)
        last = sessions[-1]
    return offered


def _vacancies(after: UUID | None) -> Sequence[UUID]:
    """The next sessions in which nobody may be left behind for the sake of nearer ones."""
    with transaction():
        return clinics.vacancies(entry.now(), after)


def close_waiting() -> int:
    """End what was waited for in vain."""
    return until_none(lambda: clinics.close_overdue(entry.now()))


def re_offer() -> int:
    """Look again for who lost a seat and has nothing kept; one who fails alone is tried later."""
    return each(lambda failed: clinics.cascade.due(entry.now(), list(failed)), _seek)


def _seek(displacement_id: UUID) -> None:
    clinics.cascade.seek(entry.now(), displacement_id)


def _filled(session_id: UUID) -> int:
    """How many seats of one session were offered; who may not have one is passed over."""
    offered = 0
    for _ in range(ENOUGH):
        with transaction():
            entry_id = clinics.next_in_line(entry.now(), session_id)
        if entry_id is None:
            break
        well, refusal = _offered(session_id, entry_id)
        offered += well
        if clinics.is_about_seats(refusal):
            break
        if not well:
            with transaction():
                clinics.pass_over(entry.now(), session_id, entry_id, refusal)
    return offered


def _offered(session_id: UUID, entry_id: UUID) -> tuple[bool, Refusal | None]:
    """Whether the seat is kept for who waits, or why not; a failure is logged."""
    try:
        with transaction():
            clinics.offer_to(entry.now(), session_id, entry_id)
        return True, None
    except Refusal as refusal:
        return False, refusal
    except Exception as failure:
        log.error("offer failed", entry=str(entry_id), error=type(failure).__name__)
        return False, None


def settle() -> int:
    """Say who did not come to sessions that are over."""
    return until_none(lambda: clinics.day.settle(entry.now()))


def lift_unanswered() -> int:
    """Lift what was explained and not answered in time."""
    return until_none(lambda: clinics.day.lift_unanswered(entry.now()))
