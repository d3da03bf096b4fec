"""What is kept of who waits for a seat, and of the calls that offer one."""

from datetime import date, datetime
from enum import IntEnum, StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from backend.clinics.models import Booking, ClinicSession
from backend.kernel.context import Kinship
from backend.kernel.crypto import Sealed
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class Urgency(StrEnum):
    """How soon a doctor wants the person to be seen; a person alone waits as `routine`."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class Precedence(IntEnum):
    """The same as a number: the higher is asked first."""

    ROUTINE = 0
    SOON = 1
    URGENT = 2


class Reach(StrEnum):
    """How an offer reaches the person."""

    APP = "app"
    PHONE = "phone"


class Way(StrEnum):
    """Who put the person on the list."""

    OWN = "own"
    DESK = "desk"
    DOCTOR = "doctor"


class WaitingState(StrEnum):
    """Where an entry stands; the first two are live."""

    WAITING = "waiting"
    OFFERED = "offered"
    SERVED = "served"
    LEFT = "left"
    UNANSWERED = "unanswered"
    OVER = "over"


class WaitingAct(StrEnum):
    """What happens to an entry: by the person, by the clock, by what becomes of an offer."""

    OFFER = "offer"
    SERVE = "serve"
    RETURN = "return"
    LEAVE = "leave"
    GIVE_UP = "give_up"
    CLOSE = "close"


class WaitingEnd(StrEnum):
    """Why an entry is over though nobody left it."""

    NO_SEAT = "no_seat"
    SESSION_CANCELLED = "session_cancelled"
    WRONG_NUMBER = "wrong_number"
    CLOSED = "closed"


WAITING_LIFE = Lifecycle(
    {
        (WaitingState.WAITING, WaitingAct.OFFER): WaitingState.OFFERED,
        (WaitingState.WAITING, WaitingAct.SERVE): WaitingState.SERVED,
        (WaitingState.WAITING, WaitingAct.LEAVE): WaitingState.LEFT,
        (WaitingState.WAITING, WaitingAct.CLOSE): WaitingState.OVER,
        (WaitingState.OFFERED, WaitingAct.SERVE): WaitingState.SERVED,
        (WaitingState.OFFERED, WaitingAct.RETURN): WaitingState.WAITING,
        (WaitingState.OFFERED, WaitingAct.LEAVE): WaitingState.LEFT,
        (WaitingState.OFFERED, WaitingAct.GIVE_UP): WaitingState.UNANSWERED,
        (WaitingState.OFFERED, WaitingAct.CLOSE): WaitingState.OVER,
    }
)
LIVE_ENTRIES = (WaitingState.WAITING, WaitingState.OFFERED)
LIVE_ENTRY = text("ended_at IS NULL")


class WaitingEntry(Base):
    """候补: a person waits for a seat of one session, or of any that fits until a day.

    Without `session_id` every session of the specialty in one of the houses fits; `refused` are
    those among them that the person did not want. `precedence` is the urgency as a number. Who did
    not answer stands behind the others of the class: `lapses`. `booking_id` is the newest offer;
    `passed_*` say when and why a seat went to somebody behind.
    """

    __tablename__ = "waiting_entry"
    __table_args__ = (
        CheckConstraint("(state IN ('waiting', 'offered')) = (ended_at IS NULL)", "ended"),
        CheckConstraint("(state = 'over') = (end_reason IS NOT NULL)", "over"),
        CheckConstraint("state <> 'offered' OR booking_id IS NOT NULL", "offered"),
        CheckConstraint("precedence BETWEEN 0 AND 2", "precedence"),
        CheckConstraint(
            "precedence = 0 OR (urgency_by IS NOT NULL AND urgency_reason_sealed IS NOT NULL)",
            "urgent_has_reason",
        ),
        CheckConstraint("cardinality(institution_ids) > 0", "houses"),
        CheckConstraint("(way = 'own') = (staff_id IS NULL)", "by_staff"),
        Index(
            "uq_waiting_entry_session",
            "resident_id",
            "session_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND session_id IS NOT NULL"),
        ),
        Index(
            "uq_waiting_entry_specialty",
            "resident_id",
            "specialty",
            unique=True,
            postgresql_where=text("ended_at IS NULL AND session_id IS NULL"),
        ),
        Index(None, "session_id", postgresql_where=text("ended_at IS NULL")),
        Index(
            "ix_waiting_entry_any_session",
            "specialty",
            postgresql_where=text("ended_at IS NULL AND session_id IS NULL"),
        ),
        Index(None, "booking_id", postgresql_where=text("booking_id IS NOT NULL")),
        Index(None, "resident_id", "joined_at"),
    )
    resident_id: Mapped[UUID]
    session_id: Mapped[UUID | None] = mapped_column(ForeignKey("clinic_session.id"))
    specialty: Mapped[str]
    institution_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    until: Mapped[date]
    refused: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default=text("'{}'"))
    precedence: Mapped[int] = mapped_column(server_default="0")
    urgency_reason_sealed: Mapped[bytes | None]
    urgency_by: Mapped[UUID | None]
    reach: Mapped[Reach]
    way: Mapped[Way]
    staff_id: Mapped[UUID | None]
    by_kinship: Mapped[Kinship | None]
    joined_at: Mapped[datetime]
    ahead_at_first: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[WaitingState] = mapped_column(server_default=WaitingState.WAITING)
    booking_id: Mapped[UUID | None]
    lapses: Mapped[int] = mapped_column(server_default="0")
    passed_at: Mapped[datetime | None]
    passed_session: Mapped[UUID | None]
    passed_because: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    ended_by_kinship: Mapped[Kinship | None]
    end_reason: Mapped[WaitingEnd | None]

    urgency_reason = Sealed()

    session: Mapped[ClinicSession | None] = relationship(
        primaryjoin=lambda: foreign(WaitingEntry.session_id) == ClinicSession.id,
        viewonly=True,
        lazy="raise",
    )
    booking: Mapped[Booking | None] = relationship(
        primaryjoin=lambda: foreign(WaitingEntry.booking_id) == Booking.id,
        viewonly=True,
        lazy="raise",
    )

    @property
    def urgency(self) -> Urgency:
        """How soon a doctor wants the person to be seen."""
        return Urgency(Precedence(self.precedence).name.lower())

    @property
    def acts(self) -> list[WaitingAct]:
        """What the person may do now; an offer is answered where its booking is."""
        return [act for act in WAITING_LIFE.acts(self.state) if act is WaitingAct.LEAVE]


class CallOutcome(StrEnum):
    """What came of a call."""

    CONFIRMED = "confirmed"
    DECLINED = "declined"
    NOT_REACHED = "not_reached"
    WRONG_NUMBER = "wrong_number"


class WaitingCall(Base):
    """电话告知: a member of staff called a person about an offered seat.

    Who confirms by phone said yes to whoever called: `agreed_aloud`.
    """

    __tablename__ = "waiting_call"
    __table_args__ = (
        CheckConstraint("(outcome = 'confirmed') = agreed_aloud", "agreed_aloud"),
        Index(None, "booking_id"),
        Index(None, "entry_id"),
        Index(None, "resident_id"),
    )
    entry_id: Mapped[UUID] = mapped_column(ForeignKey("waiting_entry.id"))
    booking_id: Mapped[UUID] = mapped_column(ForeignKey("booking.id"))
    resident_id: Mapped[UUID]
    staff_id: Mapped[UUID]
    called_at: Mapped[datetime]
    outcome: Mapped[CallOutcome]
    agreed_aloud: Mapped[bool]
