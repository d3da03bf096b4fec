"""What is kept of clinics, and what can never be false of them.

Whoever changes several rows locks them in one order: the person, seats by number, the session, the
booking. `ClinicSession.taken` is kept by a trigger that runs at the commit, so that the row many
people want is touched last; in the schema it can neither pass the capacity nor grow once the
session is cancelled.
"""

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Time,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from backend.clinics.rules import ClinicPolicy, Standing, Window, may_cancel, window
from backend.identity import Staff
from backend.kernel.context import Kinship
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle
from backend.network import Institution


class Service(StrEnum):
    """What is done at a clinic."""

    OUTPATIENT = "outpatient"
    ULTRASOUND = "ultrasound"
    RADIOLOGY = "radiology"
    NURSING = "nursing"
    WARD_ROUND = "ward_round"
    TEACHING = "teaching"
    LECTURE = "lecture"
    GROUP = "group"


# 查房、带教 are work among colleagues: nobody books them, and they are in no public timetable.
UNBOOKABLE = frozenset({Service.WARD_ROUND, Service.TEACHING})
BOOKABLE = frozenset(Service) - UNBOOKABLE
# 讲座、小组活动: everybody comes at its beginning and stays until its end.
TOGETHER = frozenset({Service.LECTURE, Service.GROUP})


class RosterState(StrEnum):
    """Whether people may count on it."""

    DRAFT = "draft"
    PUBLISHED = "published"


class RosterAct(StrEnum):
    """What can be done with a roster."""

    PUBLISH = "publish"


ROSTER_LIFE = Lifecycle({(RosterState.DRAFT, RosterAct.PUBLISH): RosterState.PUBLISHED})


class Allocation(StrEnum):
    """How the seats of a session find their people [放号方式]."""

    FIRST_COME = "first_come"
    STAGGERED = "staggered"
    LOTTERY = "lottery"


class Roster(Base):
    """排班: an expert or a crew sits in a house by a rule of recurrence, while it is valid.

    `begins` and `ends` are times of day in Shanghai; `rule` is a bounded RFC 5545 rule counted
    from `starts_on`, `weekday` (ISO, Monday is 1) the day it is listed under, and the day that a
    rule without BYDAY means. `expert_id` leads; `crew` are the others who come along, of a team
    where `team_id` names one. `quotas` are numbers of seats by quota in place of the region's
    shares. A draft with `replaces_id` is a change not yet published.
    """

    __tablename__ = "roster"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 1 AND 7", "weekday"),
        CheckConstraint("begins < ends", "hours"),
        CheckConstraint(
            "capacity >= 0 AND (capacity = 0) = (service IN ('ward_round', 'teaching'))", "capacity"
        ),
        CheckConstraint("ends_on >= starts_on", "dates"),
        CheckConstraint("replaces_id IS NULL OR state = 'draft'", "replaces"),
        Index(None, "institution_id"),
        Index(None, "expert_id"),
    )
    expert_id: Mapped[UUID]
    institution_id: Mapped[UUID]
    specialty: Mapped[str]
    service: Mapped[Service]
    room: Mapped[str]
    fee: Mapped[str | None]
    weekday: Mapped[int]
    begins: Mapped[time] = mapped_column(Time())
    ends: Mapped[time] = mapped_column(Time())
    capacity: Mapped[int]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    rule: Mapped[str] = mapped_column(server_default="FREQ=WEEKLY")
    state: Mapped[RosterState] = mapped_column(server_default=RosterState.PUBLISHED)
    crew: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")
    team_id: Mapped[UUID | None]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster_batch.id"))
    replaces_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster.id"))
    allocation: Mapped[Allocation] = mapped_column(server_default=Allocation.FIRST_COME)
    is_scarce: Mapped[bool] = mapped_column(server_default=text("false"))
    quotas: Mapped[dict[str, int] | None] = mapped_column(JSONB)

    expert: Mapped[Staff] = relationship(
        primaryjoin=lambda: foreign(Roster.expert_id) == Staff.id, viewonly=True, lazy="raise"
    )


class SessionState(StrEnum):
    """Whether a session is held; that it is over, the clock tells."""

    OPEN = "open"
    CANCELLED = "cancelled"


class SessionAct(StrEnum):
    """What can be done with a session."""

    CANCEL = "cancel"


SESSION_LIFE = Lifecycle({(SessionState.OPEN, SessionAct.CANCEL): SessionState.CANCELLED})


class ClinicSession(Base):
    """一次门诊: one clinic on one day; what its roster said is copied, for it was promised.

    `releases_at` is when its ordinary seats can be booked. `began_at` is when its house said that
    the day had begun: without it nobody is said not to have come; `settled_at`, when it was said
    who did not. `moved_to` is the session that stands in for a cancelled one. Seats of a scarce
    session come back after a random delay.
    """

    __tablename__ = "clinic_session"
    __table_args__ = (
        UniqueConstraint("roster_id", "day"),
        CheckConstraint("taken BETWEEN 0 AND capacity", "taken"),
        CheckConstraint("starts_at < ends_at", "hours"),
        CheckConstraint("(state = 'cancelled') = (reason IS NOT NULL)", "reason"),
        ExcludeConstraint(
            ("expert_id", "="),
            (func.tstzrange(text("starts_at"), text("ends_at")), "&&"),
            name="ex_clinic_session_expert",
            where=text("state = 'open'"),
        ),
        Index(None, "institution_id", "starts_at"),
        Index(None, "expert_id", "starts_at"),
        Index(None, "starts_at"),
        Index(None, "ends_at", postgresql_where=text("settled_at IS NULL")),
    )
    roster_id: Mapped[UUID | None] = mapped_column(ForeignKey("roster.id"))
    expert_id: Mapped[UUID]
    institution_id: Mapped[UUID]
    specialty: Mapped[str]
    service: Mapped[Service]
    room: Mapped[str]
    fee: Mapped[str | None]
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    releases_at: Mapped[datetime]
    capacity: Mapped[int]
    taken: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[SessionState] = mapped_column(server_default=SessionState.OPEN)
    reason: Mapped[str | None]
    allocation: Mapped[Allocation] = mapped_column(server_default=Allocation.FIRST_COME)
    is_scarce: Mapped[bool] = mapped_column(server_default=text("false"))
    began_at: Mapped[datetime | None]
    began_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
    moved_to: Mapped[UUID | None]
    crew: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")

    expert: Mapped[Staff] = relationship(
        primaryjoin=lambda: foreign(ClinicSession.expert_id) == Staff.id,
        viewonly=True,
        lazy="raise",
    )
    institution: Mapped[Institution] = relationship(
        primaryjoin=lambda: foreign(ClinicSession.institution_id) == Institution.id,
        viewonly=True,
        lazy="raise",
    )

    @property
    def free(self) -> int:
        """Seats nobody has."""
        return 0 if self.state is SessionState.CANCELLED else self.capacity - self.taken

    def acts(self, at: datetime) -> list[SessionAct]:
        """What may be done at that instant; clients draw their buttons from this."""
        return SESSION_LIFE.acts(self.state) if at < self.ends_at else []

    def standing(self, at: datetime, policy: ClinicPolicy) -> Standing:
        """What it is to somebody who wants a seat at that instant."""
        if self.state is SessionState.CANCELLED:
            return Standing.CANCELLED
        now = window(self.starts_at, at, policy)
        if now is not Window.OPEN:
            return Standing(now)
        return Standing.BOOKABLE if self.free else Standing.FULL


class Quota(StrEnum):
    """For whom a seat is kept [号源池]."""

    OPEN = "open"
    SIGNED = "signed"
    FAMILY_DOCTOR = "family_doctor"
    REFERRAL = "referral"


class Seat(Base):
    """号: a numbered seat and the minutes it stands for.

    `is_free` is what a booking takes; whoever changes it holds the row. `releases_at` is from when
    its quota may book it (with its session, where there is none), `flows_at` from when everybody
    may: time alone moves it, no job. `removed_at` is when its session became smaller. Seats of
    narrow quotas have the lowest numbers: who may have one takes it before an ordinary one.
    """

    __tablename__ = "clinic_seat"
    __table_args__ = (
        UniqueConstraint("session_id", "number"),
        CheckConstraint("number > 0", "number"),
        CheckConstraint("starts_at < ends_at", "window"),
        Index("ix_clinic_seat_free", "session_id", "number", postgresql_where=text("is_free")),
    )
    session_id: Mapped[UUID] = mapped_column(ForeignKey("clinic_session.id"))
    number: Mapped[int]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    is_free: Mapped[bool] = mapped_column(server_default=text("true"))
    quota: Mapped[Quota] = mapped_column(server_default=Quota.OPEN)
    releases_at: Mapped[datetime | None]
    flows_at: Mapped[datetime | None]
    came_back_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class BookingState(StrEnum):
    """Where a booking stands; it takes its seat in the first six states."""

    HELD = "held"
    BOOKED = "booked"
    ARRIVED = "arrived"
    SEEN = "seen"
    MISSED = "missed"
    UNRECORDED = "unrecorded"
    CANCELLED = "cancelled"
    WITHDRAWN = "withdrawn"
    MOVED = "moved"
    LAPSED = "lapsed"
    DECLINED = "declined"


class BookingAct(StrEnum):
    """What can be done with a booking: by the resident, by the house, or by the clock."""

    CONFIRM = "confirm"
    DECLINE = "decline"
    LAPSE = "lapse"
    CANCEL = "cancel"
    MOVE = "move"
    WITHDRAW = "withdraw"
    CHECK_IN = "check_in"
    SEE = "see"
    MISS = "miss"
    LOSE_TRACK = "lose_track"
    CORRECT = "correct"


class BookingOrigin(StrEnum):
    """How a booking came about: by the person (or family), at the desk, or as an offer."""

    OWN = "own"
    DESK = "desk"
    DOCTOR = "doctor"
    WAITING_LIST = "waiting_list"
    RE_OFFER = "re_offer"
    LOTTERY = "lottery"
    REFERRAL = "referral"


BOOKING_LIFE = Lifecycle(
    {
        (BookingState.HELD, BookingAct.CONFIRM): BookingState.BOOKED,
        (BookingState.HELD, BookingAct.DECLINE): BookingState.DECLINED,
        (BookingState.HELD, BookingAct.LAPSE): BookingState.LAPSED,
        (BookingState.HELD, BookingAct.WITHDRAW): BookingState.WITHDRAWN,
        (BookingState.BOOKED, BookingAct.CANCEL): BookingState.CANCELLED,
        (BookingState.BOOKED, BookingAct.MOVE): BookingState.MOVED,
        (BookingState.BOOKED, BookingAct.WITHDRAW): BookingState.WITHDRAWN,
        (BookingState.BOOKED, BookingAct.CHECK_IN): BookingState.ARRIVED,
        (BookingState.BOOKED, BookingAct.MISS): BookingState.MISSED,
        (BookingState.BOOKED, BookingAct.LOSE_TRACK): BookingState.UNRECORDED,
        (BookingState.ARRIVED, BookingAct.SEE): BookingState.SEEN,
        (BookingState.ARRIVED, BookingAct.CANCEL): BookingState.CANCELLED,
        (BookingState.ARRIVED, BookingAct.WITHDRAW): BookingState.WITHDRAWN,
        (BookingState.ARRIVED, BookingAct.LOSE_TRACK): BookingState.UNRECORDED,
        (BookingState.MISSED, BookingAct.CORRECT): BookingState.SEEN,
        (BookingState.UNRECORDED, BookingAct.CORRECT): BookingState.SEEN,
    }
)
PERSONAL_ACTS = (BookingAct.CONFIRM, BookingAct.DECLINE, BookingAct.CANCEL, BookingAct.MOVE)
IN_TIME_ONLY = frozenset({BookingAct.CANCEL, BookingAct.MOVE})
LIVE = text("ended_at IS NULL")


class Booking(Base):
    """预约: a resident has a seat, or is offered one until `held_until`.

    Day and minutes are the seat's, copied for the constraints. `staff_id` is who made it for the
    person, at the desk or as the family doctor.
    """

    __tablename__ = "booking"
    __table_args__ = (
        ForeignKeyConstraint(
            ["session_id", "seat_number"], ["clinic_seat.session_id", "clinic_seat.number"]
        ),
        CheckConstraint(
            "(state IN ('held', 'booked', 'arrived', 'seen', 'missed', 'unrecorded'))"
            " = (ended_at IS NULL)",
            "ended",
        ),
        CheckConstraint("state <> 'held' OR held_until IS NOT NULL", "held"),
        CheckConstraint("state <> 'seen' OR seen_at IS NOT NULL", "seen"),
        Index("uq_booking_seat", "session_id", "seat_number", unique=True, postgresql_where=LIVE),
        Index("uq_booking_person", "resident_id", "session_id", unique=True, postgresql_where=LIVE),
        ExcludeConstraint(
            ("resident_id", "="),
            (func.tstzrange(text("starts_at"), text("ends_at")), "&&"),
            name="ex_booking_overlap",
            where=LIVE,
        ),
        Index(None, "resident_id", "starts_at"),
        Index(None, "session_id", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
        Index(None, "held_until", postgresql_where=text("state = 'held'")),
    )
    session_id: Mapped[UUID]
    seat_number: Mapped[int]
    resident_id: Mapped[UUID]
    day: Mapped[date]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[BookingState]
    booked_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]
    ended_at: Mapped[datetime | None]
    ended_by_kinship: Mapped[Kinship | None]
    origin: Mapped[BookingOrigin] = mapped_column(server_default=BookingOrigin.OWN)
    staff_id: Mapped[UUID | None]
    held_until: Mapped[datetime | None]
    arrived_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]

    session: Mapped[ClinicSession] = relationship(
        primaryjoin=lambda: foreign(Booking.session_id) == ClinicSession.id,
        viewonly=True,
        lazy="raise",
    )

    def acts(self, at: datetime, policy: ClinicPolicy) -> list[BookingAct]:
        """What the resident may do at that instant."""
        return acts_in(self.state, self.starts_at, at, policy)


def acts_in(
    state: BookingState, starts_at: datetime, at: datetime, policy: ClinicPolicy
) -> list[BookingAct]:
    """What the resident may do with a booking in this state at that instant."""
    in_time = state is not BookingState.ARRIVED and may_cancel(starts_at, at, policy)
    return [
        act
        for act in BOOKING_LIFE.acts(state)
        if act in PERSONAL_ACTS and (in_time or act not in IN_TIME_ONLY)
    ]
