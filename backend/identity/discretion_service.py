"""What a person keeps from family members, and what family members did in the person's name."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import select

from backend.identity import policy
from backend.identity.events import CategoryChosen
from backend.kernel import sensitive
from backend.kernel.context import Context, Kinship
from backend.kernel.errors import Fault, Invalid
from backend.kernel.events import EventRow, record
from backend.kernel.paging import Page, Wanted, page
from backend.kernel.policy import admitted
from backend.kernel.sensitive import SensitivePolicy
from config.settings import ROOT

_TEXTS = ROOT / "config" / "texts" / "family_acts.toml"
SOMETHING = "办理了一项业务"


@dataclass(frozen=True, slots=True)
class Choice:
    """A category, whether family members see it, and whether the person or the region said so."""

    category: str
    label: str
    is_hidden: bool
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FamilyAct:
    """One act of a family member, in words."""

    id: UUID
    at: datetime
    by_kinship: Kinship
    text: str


@admitted(policy.oneself)
def discretion(ctx: Context) -> Sequence[Choice]:
    """Every category, and whether it is kept from family members."""
    own = sensitive.chosen(ctx.oneself)
    usual = ctx.region.section("sensitive", SensitivePolicy).hidden
    return [
        Choice(name, category.label, own.get(name, name in usual), name in own)
        for name, category in sensitive.categories(ctx).items()
    ]


@admitted(policy.oneself)
def choose(ctx: Context, category: str, is_hidden: bool) -> Sequence[Choice]:
    """Keep a category from family members or show it, at once; raises `Invalid`."""
    if category not in sensitive.categories(ctx):
        raise Invalid(faults=[Fault("/category", "没有这个类别，请重新选择")])
    sensitive.choose(ctx, ctx.oneself, category, is_hidden)
    record(ctx, CategoryChosen(ctx.oneself, category, is_hidden))
    return discretion(ctx)


@admitted(policy.oneself)
def family_acts(ctx: Context, wanted: Wanted) -> Page[FamilyAct]:
    """What family members did in the person's name, the newest first."""
    done = select(EventRow).where(
        EventRow.resident_id == ctx.oneself, EventRow.by_kinship.is_not(None)
    )
    found = page(done, [EventRow.id], wanted, newest_first=True)
    return Page([_in_words(row) for row in found.items], found.next)


def _in_words(row: EventRow) -> FamilyAct:
    text = words().get(row.name, SOMETHING)
    return FamilyAct(row.id, row.at, row.by_kinship or Kinship.OTHER, text)


@cache
def words() -> Mapping[str, str]:
    """What each event is called where a family member caused it."""
    return tomllib.loads(_TEXTS.read_text("utf-8"))
