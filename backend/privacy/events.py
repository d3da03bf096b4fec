"""What has happened to people's wishes about their own data."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from backend.kernel.events import Event
from backend.privacy.models import CorrectionState, DeletionState, Subject


@dataclass(frozen=True)
class ExportAsked(Event):
    """A person asked for a copy of everything."""

    resident_id: UUID
    export_id: UUID


@dataclass(frozen=True)
class ExportReady(Event):
    """The copy was made, and can be fetched for some days."""

    resident_id: UUID
    export_id: UUID


@dataclass(frozen=True)
class ExportFetched(Event):
    """A copy left the system, by the person's own hand."""

    resident_id: UUID
    export_id: UUID


@dataclass(frozen=True)
class CorrectionAsked(Event):
    """A person says that something is wrong."""

    resident_id: UUID
    correction_id: UUID
    subject: Subject


@dataclass(frozen=True)
class CorrectionDecided(Event):
    """It was corrected, refused or withdrawn."""

    resident_id: UUID
    correction_id: UUID
    state: CorrectionState


@dataclass(frozen=True)
class DeathReported(Event):
    """Somebody says that a person died; it waits for a second hand."""

    resident_id: UUID
    report_id: UUID


@dataclass(frozen=True)
class ResidentDied(Event):
    """A death was confirmed: everything stops."""

    resident_id: UUID
    report_id: UUID
    died_on: date


@dataclass(frozen=True)
class DeathUndone(Event):
    """The report was wrong: the person acts again."""

    resident_id: UUID
    report_id: UUID


@dataclass(frozen=True)
class DeathObjected(Event):
    """The person says that the report is wrong."""

    resident_id: UUID
    report_id: UUID


@dataclass(frozen=True)
class DeletionAsked(Event):
    """A person asked to be forgotten."""

    resident_id: UUID
    request_id: UUID


@dataclass(frozen=True)
class DeletionEnded(Event):
    """It was taken back, or carried out."""

    resident_id: UUID
    request_id: UUID
    state: DeletionState
