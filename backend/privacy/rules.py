"""What the region lays down about privacy requests, and what a digest of consequences is."""

import hashlib
import json
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.kernel.regions import Region
from backend.kernel.subjects import Consequence, Record, Records

# What a copy for a guardian holds: the record. Logs, logins, relations, choices are the child's.
FOR_GUARDIANS = frozenset(
    {
        "resident",
        "resident_document",
        "consent",
        "contract",
        "agreement",
        "booking",
        "booking_strike",
        "lottery_entry",
        "displacement",
        "waiting_entry",
        "waiting_call",
        "clinic_turn",
        "paper_card",
        "suggestion",
        "suggestion_refusal",
        "reminder_wish",
        "prescription",
        "prescription_wish",
        "prescription_line",
        "prescription_confirmation",
        "prescription_review",
        "prescription_dispensing",
        "enrolment",
        "followup",
        "measurement",
        "measurement_note",
        "message",
        "correction",
        "death_report",
    }
)


@dataclass(frozen=True, kw_only=True)
class PrivacyPolicy:
    """What the region lays down."""

    ask_again_after_days: int
    deletion_cool_off_days: int
    exports_per_day: int
    export_kept_days: int
    correction_answered_within_days: int
    death_confirmed_within_hours: int
    message_kept_months: int
    complaints: str

    @property
    def peace(self) -> timedelta:
        """How long who said no is not asked again."""
        return timedelta(days=self.ask_again_after_days)

    @property
    def cool_off(self) -> timedelta:
        """How long a deletion can be taken back."""
        return timedelta(days=self.deletion_cool_off_days)

    @property
    def second_hand(self) -> timedelta:
        """How long a report of death waits for its second hand."""
        return timedelta(hours=self.death_confirmed_within_hours)

    @property
    def export_kept(self) -> timedelta:
        """How long a copy can be fetched."""
        return timedelta(days=self.export_kept_days)


def policy_of(region: Region) -> PrivacyPolicy:
    """The region's policy on privacy requests."""
    return region.section("privacy", PrivacyPolicy)


@dataclass(frozen=True, slots=True)
class Staying:
    """What a law keeps: in plain words, by which rule, until when."""

    label: str
    rows: int
    basis: str
    until: date


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows from an act, to be read before it is done."""

    ends: Sequence[Consequence]
    stays: Sequence[Staying]
    explained: str

    @property
    def digest(self) -> str:
        """What tells these consequences from any others: SHA-256, in hex."""
        told = [
            [[str(one.subject_id), one.text] for one in self.ends],
            [[one.label, one.rows, one.until.isoformat()] for one in self.stays],
            self.explained,
        ]
        return hashlib.sha256(json.dumps(told, ensure_ascii=False).encode()).hexdigest()


def for_guardian(records: Records, hidden: Collection[UUID]) -> Records:
    """What a guardian is given of a child's record.

    No log, login or relation of the child's; and no row that is hidden, names a hidden one, or
    names one that does.
    """
    told = {table: records[table] for table in records if table in FOR_GUARDIANS}
    gone = {str(subject) for subject in hidden}
    while more := {row["id"] for row in _naming(told, gone) if "id" in row} - gone:
        gone |= more
    return {
        table: [row for row in rows if gone.isdisjoint(_words(row))] for table, rows in told.items()
    }


def _naming(records: Records, ids: Set[str]) -> Iterator[Record]:
    for rows in records.values():
        yield from (row for row in rows if not ids.isdisjoint(_words(row)))


def _words(value: Any) -> Iterator[str]:
    """Every text in a row, however deep."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _words(one)
    elif isinstance(value, str):
        yield value


def ask_again_from(refused_at: datetime | None, at: datetime, policy: PrivacyPolicy) -> date | None:
    """Name the day before which nobody should ask again; `None` where one may ask now."""
    if refused_at is None or refused_at + policy.peace <= at:
        return None
    return (refused_at + policy.peace).date()
