"""Family-doctor contracts [签约]: terms and capacity by the national guidance and the region."""

from dataclasses import dataclass
from datetime import date, timedelta

from backend.kernel import standards
from backend.kernel.calendar import add_months
from backend.kernel.figures import BadFigures
from backend.kernel.regions import Region


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
    renewal_notice_days: int


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


def renewal_starts_on(old_ends_on: date) -> date:
    """Name the first day of the next term: no gap and no overlap."""
    return old_ends_on + timedelta(days=1)
