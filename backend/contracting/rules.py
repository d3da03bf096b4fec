"""Family-doctor contracts [签约]: terms and capacity by the national guidance and the region."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from backend.kernel import standards
from backend.kernel.calendar import SHANGHAI, add_months
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region


class EndReason(StrEnum):
    """Why a contract ended (FD-13), and the two reasons of our own."""

    LOST = "lost"
    MOVED = "moved"
    DIED = "died"
    OWN_WISH = "own_wish"
    CHANGED_TEAM = "changed_team"
    OTHER = "other"
    EXPIRED = "expired"
    DISPUTED = "disputed"


BY_RESIDENT = (EndReason.MOVED, EndReason.OWN_WISH, EndReason.CHANGED_TEAM, EndReason.OTHER)
# FD-13: the codes of the regional platform; it has none for a term that ran out.
PLATFORM_CODES = {
    EndReason.LOST: "01",
    EndReason.MOVED: "02",
    EndReason.DIED: "03",
    EndReason.OWN_WISH: "04",
    EndReason.CHANGED_TEAM: "05",
    EndReason.DISPUTED: "99",
    EndReason.OTHER: "99",
}


@dataclass(frozen=True, kw_only=True)
class ContractStandard(standards.Edition):
    """The national figures."""

    terms_months: tuple[int, ...]
    capacity_per_doctor: int


CONTRACT = standards.load(ContractStandard, "contract")


@dataclass(frozen=True, kw_only=True)
class ContractPolicy:
    """What the region lays down."""

    terms_months: tuple[int, ...]
    capacity_per_doctor: int


def policy_of(region: Region, std: ContractStandard) -> ContractPolicy:
    """Read the region's policy; a term or capacity the standard does not know is an error."""
    policy = region.section("contracting", ContractPolicy)
    if not policy.terms_months or set(policy.terms_months) - set(std.terms_months):
        raise BadFigures(f"{region.name}: terms_months must be among {std.terms_months}")
    if not 0 < policy.capacity_per_doctor <= std.capacity_per_doctor:
        raise BadFigures(f"{region.name}: capacity must lie within {std.capacity_per_doctor}")
    return policy


def ends_on(starts_on: date, months: int) -> date:
    """Name the last day of a term: the eve of its anniversary."""
    return add_months(starts_on, months) - timedelta(days=1)


def lapses_at(last_day: date) -> datetime:
    """The instant a term is over: the midnight after its last day, in Shanghai."""
    return datetime.combine(last_day + timedelta(days=1), time(), SHANGHAI)
