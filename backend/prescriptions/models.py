"""What is kept of long prescriptions; what was confirmed or dispensed stays."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.kernel.context import Kinship
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle
from backend.prescriptions.order import Drug, DrugClass, Line, Stop, Turn


class State(StrEnum):
    """Where a long prescription stands."""

    REQUESTED = "requested"
    ISSUED = "issued"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    IN_USE = "in_use"
    RENEWED = "renewed"
    FINISHED = "finished"
    TERMINATED = "terminated"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class Act(StrEnum):
    """What can be done with it."""

    CONFIRM = "confirm"
    ISSUE = "issue"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    RETURN = "return"
    DISPENSE = "dispense"
    TERMINATE = "terminate"
    RENEW = "renew"
    RUN_OUT = "run_out"
    EXPIRE = "expire"


LIFE = Lifecycle(
    {
        (State.REQUESTED, Act.CONFIRM): State.REQUESTED,
        (State.REQUESTED, Act.ISSUE): State.ISSUED,
        (State.REQUESTED, Act.REFUSE): State.REFUSED,
        (State.REQUESTED, Act.WITHDRAW): State.WITHDRAWN,
        (State.ISSUED, Act.APPROVE): State.REVIEWED,
        (State.ISSUED, Act.RETURN): State.RETURNED,
        (State.ISSUED, Act.WITHDRAW): State.WITHDRAWN,
        (State.ISSUED, Act.TERMINATE): State.TERMINATED,
        (State.ISSUED, Act.EXPIRE): State.EXPIRED,
        (State.RETURNED, Act.CONFIRM): State.RETURNED,
        (State.RETURNED, Act.ISSUE): State.ISSUED,
        (State.RETURNED, Act.REFUSE): State.REFUSED,
        (State.RETURNED, Act.WITHDRAW): State.WITHDRAWN,
        (State.REVIEWED, Act.DISPENSE): State.IN_USE,
        (State.REVIEWED, Act.WITHDRAW): State.WITHDRAWN,
        (State.REVIEWED, Act.TERMINATE): State.TERMINATED,
        (State.REVIEWED, Act.EXPIRE): State.EXPIRED,
        (State.IN_USE, Act.RENEW): State.RENEWED,
        (State.IN_USE, Act.TERMINATE): State.TERMINATED,
        (State.IN_USE, Act.RUN_OUT): State.FINISHED,
    }
)
OF_RESIDENT = frozenset({Act.CONFIRM, Act.WITHDRAW})
OF_DOCTOR = frozenset({Act.ISSUE, Act.REFUSE, Act.TERMINATE})
OF_PHARMACIST = frozenset({Act.APPROVE, Act.RETURN, Act.DISPENSE})
OPEN = "state IN ('requested', 'returned', 'issued', 'reviewed')"


class FormularyDrug(Base):
    """One entry of the formulary [基本药物与慢病用药目录]; never deleted, only no longer listed."""

    __tablename__ = "drug"
    __table_args__ = (CheckConstraint("pack_size BETWEEN 1 AND 1000", "pack_size"),)
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    drug_class: Mapped[DrugClass]
    atc: Mapped[str]
    strength: Mapped[str]
    unit: Mapped[str]
    pack_size: Mapped[int]
    is_essential: Mapped[bool]
    is_listed: Mapped[bool] = mapped_column(server_default=text("true"))

    @property
    def value(self) -> Drug:
        """The drug as the rules read it."""
        return Drug(
            code=self.code,
            name=self.name,
            drug_class=self.drug_class,
            atc=self.atc,
            strength=self.strength,
            unit=self.unit,
            pack_size=self.pack_size,
        )


prescription_wish = Table(
    "prescription_wish",
    Base.metadata,
    Column("prescription_id", ForeignKey("prescription.id"), primary_key=True),
    Column("drug_id", ForeignKey("drug.id"), primary_key=True),
)


class Prescription(Base):
    """长处方: from the resident's wish to the day on which the drugs run out."""

    __tablename__ = "prescription"
    __table_args__ = (
        CheckConstraint("days_wanted > 0 AND days > 0", "days"),
        CheckConstraint(
            "state IN ('requested', 'refused', 'withdrawn') OR num_nulls(doctor_id, issued_at,"
            " turn, days, diagnoses, rule_set, valid_until) = 0",
            "issued_is_whole",
        ),
        CheckConstraint(
            "state NOT IN ('in_use', 'renewed', 'finished') OR runs_out_on IS NOT NULL",
            "dispensed_runs_out",
        ),
        CheckConstraint("(state = 'terminated') = (end_reason IS NOT NULL)", "stopped_has_reason"),
        Index("uq_prescription_open", "resident_id", unique=True, postgresql_where=text(OPEN)),
        Index(None, "resident_id"),
        Index(None, "valid_until", postgresql_where=text("state IN ('issued', 'reviewed')")),
        Index(None, "runs_out_on", postgresql_where=text("state = 'in_use'")),
    )
    resident_id: Mapped[UUID] = mapped_column(ForeignKey("resident.id"))
    team_id: Mapped[UUID]
    institution_id: Mapped[UUID] = mapped_column(ForeignKey("institution.id"))
    state: Mapped[State] = mapped_column(default=State.REQUESTED)
    days_wanted: Mapped[int]
    change_plain: Mapped[str | None] = mapped_column("change")
    change_sealed: Mapped[bytes | None]
    requested_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]

    doctor_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff.id"))
    issued_at: Mapped[datetime | None]
    issue_number: Mapped[int] = mapped_column(default=0)
    turn: Mapped[Turn | None]
    days: Mapped[int | None]
    diagnoses: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    stable: Mapped[bool | None]
    adherent: Mapped[bool | None]
    plan_fits: Mapped[bool | None]
    educated: Mapped[bool | None]
    note_plain: Mapped[str | None] = mapped_column("note")
    note_sealed: Mapped[bytes | None]
    rule_set: Mapped[str | None]
    valid_until: Mapped[date | None]

    runs_out_on: Mapped[date | None]
    ended_at: Mapped[datetime | None]
    ended_by_kinship: Mapped[Kinship | None]
    end_reason: Mapped[Stop | None]
    end_note_plain: Mapped[str | None] = mapped_column("end_note")
    end_note_sealed: Mapped[bytes | None]

    change = Sealed("change_plain")
    note = Sealed("note_plain")
    end_note = Sealed("end_note_plain")

    wishes: Mapped[list[FormularyDrug]] = relationship(
        secondary=prescription_wish, lazy="selectin", order_by=FormularyDrug.code
    )
    every_line: Mapped[list["PrescriptionLine"]] = relationship(
        lazy="selectin", order_by="PrescriptionLine.issue_number, PrescriptionLine.position"
    )
    confirmation: Mapped["Confirmation | None"] = relationship(lazy="selectin")
    reviews: Mapped[list["Review"]] = relationship(lazy="selectin", order_by="Review.issue_number")
    dispensing: Mapped["Dispensing | None"] = relationship(lazy="selectin")

    @property
    def lines(self) -> list["PrescriptionLine"]:
        """The lines in force; those of a returned issue stay on record beside them."""
        return [line for line in self.every_line if line.issue_number == self.issue_number]

    @property
    def handed_out(self) -> list["PrescriptionLine"]:
        """The lines of which something was handed over."""
        return [line for line in self.lines if line.dispensed]

    @property
    def resident_acts(self) -> list[Act]:
        """What the resident may do now; clients draw their buttons from this."""
        done = {Act.CONFIRM} if self.confirmation else set()
        return self._acts(OF_RESIDENT - done)

    @property
    def doctor_acts(self) -> list[Act]:
        """What a doctor of the signed team may do now."""
        return self._acts(OF_DOCTOR)

    @property
    def pharmacist_acts(self) -> list[Act]:
        """What a pharmacist of the house where the drugs are collected may do now."""
        return self._acts(OF_PHARMACIST)

    def _acts(self, theirs: frozenset[Act]) -> list[Act]:
        return [act for act in LIFE.acts(self.state) if act in theirs]


class PrescriptionLine(Base):
    """One drug of one issue; dose and quantities are counted in the drug's unit."""

    __tablename__ = "prescription_line"
    __table_args__ = (
        UniqueConstraint("prescription_id", "issue_number", "drug_id"),
        CheckConstraint("dose > 0 AND times_per_day > 0 AND quantity > 0", "amounts"),
        CheckConstraint("dispensed BETWEEN 0 AND quantity", "dispensed"),
    )
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    issue_number: Mapped[int]
    position: Mapped[int]
    drug_id: Mapped[UUID] = mapped_column(ForeignKey("drug.id"))
    dose: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    times_per_day: Mapped[Decimal] = mapped_column(Numeric(9, 3))
    quantity: Mapped[int]
    usage: Mapped[str]
    dispensed: Mapped[int | None]

    drug: Mapped[FormularyDrug] = relationship(lazy="joined", innerjoin=True)

    def holding(self, quantity: int) -> Line:
        """The line as the rules read it, with so many units."""
        return Line(
            drug=self.drug.value,
            dose=self.dose,
            times_per_day=self.times_per_day,
            quantity=quantity,
            usage=self.usage,
        )


class Confirmation(Base):
    """The resident's agreement to a text, in place of a signature (LP-4)."""

    __tablename__ = "prescription_confirmation"
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"), unique=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    days: Mapped[int]
    version: Mapped[str]
    text: Mapped[str]
    text_hash: Mapped[bytes]
    confirmed_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]


class Verdict(StrEnum):
    """What the pharmacist says [审方结论]."""

    PASSED = "passed"
    RETURNED = "returned"


class Review(Base):
    """审方: a pharmacist's judgement of one issue (LP-12)."""

    __tablename__ = "prescription_review"
    __table_args__ = (
        UniqueConstraint("prescription_id", "issue_number"),
        CheckConstraint(
            "verdict = 'passed' OR num_nonnulls(reason, reason_sealed) = 1", "return_has_reason"
        ),
    )
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"))
    issue_number: Mapped[int]
    pharmacist_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    verdict: Mapped[Verdict]
    reason_plain: Mapped[str | None] = mapped_column("reason")
    reason_sealed: Mapped[bytes | None]
    reviewed_at: Mapped[datetime]

    reason = Sealed("reason_plain")


class Collector(StrEnum):
    """Who came for the drugs."""

    SELF = "self"
    REPRESENTATIVE = "representative"


class Dispensing(Base):
    """调剂发药: once a prescription, and to whom (LP-6)."""

    __tablename__ = "prescription_dispensing"
    __table_args__ = (
        CheckConstraint(
            "num_nulls(name_sealed, id_number_sealed)"
            " = CASE collector WHEN 'self' THEN 2 ELSE 0 END",
            "representative_is_named",
        ),
    )
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescription.id"), unique=True)
    pharmacist_id: Mapped[UUID] = mapped_column(ForeignKey("staff.id"))
    collector: Mapped[Collector]
    name_sealed: Mapped[bytes | None]
    id_number_sealed: Mapped[bytes | None]
    dispensed_at: Mapped[datetime]

    name = Sealed()
    id_number = Sealed()
