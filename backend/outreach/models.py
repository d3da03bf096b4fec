"""Right-person announcements: lists proposed to teams, people on them, who wants none."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from backend.kernel.context import Kinship
from backend.kernel.database import Base
from backend.kernel.lifecycle import Lifecycle


class ProposalState(StrEnum):
    """What the family doctor has said."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    DECLINED = "declined"
    LAPSED = "lapsed"


class ProposalAct(StrEnum):
    """What can become of a list."""

    APPROVE = "approve"
    DECLINE = "decline"
    LAPSE = "lapse"


PROPOSAL_LIFE = Lifecycle(
    {
        (ProposalState.PROPOSED, ProposalAct.APPROVE): ProposalState.APPROVED,
        (ProposalState.PROPOSED, ProposalAct.DECLINE): ProposalState.DECLINED,
        (ProposalState.PROPOSED, ProposalAct.LAPSE): ProposalState.LAPSED,
    }
)
OF_DOCTOR = (ProposalAct.APPROVE, ProposalAct.DECLINE)


class Proposal(Base):
    """推荐名单: whom of one team a session would serve, until its family doctor has answered."""

    __tablename__ = "suggestion_list"
    __table_args__ = (
        UniqueConstraint("team_id", "session_id"),
        CheckConstraint(
            "(state IN ('approved', 'declined')) = (decided_by IS NOT NULL)", "decided"
        ),
        Index(None, "session_id"),
    )
    team_id: Mapped[UUID] = mapped_column(ForeignKey("team.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("clinic_session.id"))
    made_at: Mapped[datetime]
    answer_by: Mapped[datetime]
    state: Mapped[ProposalState] = mapped_column(default=ProposalState.PROPOSED)
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[UUID | None]

    @property
    def acts(self) -> list[ProposalAct]:
        """What the family doctor may do now."""
        return [act for act in PROPOSAL_LIFE.acts(self.state) if act in OF_DOCTOR]


class SuggestionState(StrEnum):
    """What became of one person on a list; `dropped` says why."""

    LISTED = "listed"
    REMOVED = "removed"
    TO_SEND = "to_send"
    SENT = "sent"
    DROPPED = "dropped"


class SuggestionAct(StrEnum):
    """What can become of one person on a list."""

    REMOVE = "remove"
    APPROVE = "approve"
    SEND = "send"
    DROP = "drop"


SUGGESTION_LIFE = Lifecycle(
    {
        (SuggestionState.LISTED, SuggestionAct.REMOVE): SuggestionState.REMOVED,
        (SuggestionState.LISTED, SuggestionAct.APPROVE): SuggestionState.TO_SEND,
        (SuggestionState.LISTED, SuggestionAct.DROP): SuggestionState.DROPPED,
        (SuggestionState.TO_SEND, SuggestionAct.SEND): SuggestionState.SENT,
        (SuggestionState.TO_SEND, SuggestionAct.DROP): SuggestionState.DROPPED,
    }
)


class Suggestion(Base):
    """推荐: a session would serve this person; `reasons` are in words, for the staff."""

    __tablename__ = "suggestion"
    __table_args__ = (
        UniqueConstraint("session_id", "resident_id"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", "sent"),
        CheckConstraint("(state = 'dropped') = (dropped IS NOT NULL)", "dropped"),
        Index(None, "list_id"),
        Index(None, "resident_id", "sent_at"),
        Index("ix_suggestion_to_send", "id", postgresql_where=text("state = 'to_send'")),
    )
    list_id: Mapped[UUID] = mapped_column(ForeignKey("suggestion_list.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("clinic_session.id"))
    resident_id: Mapped[UUID]
    specialty: Mapped[str]
    score: Mapped[int]
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text))
    state: Mapped[SuggestionState] = mapped_column(default=SuggestionState.LISTED)
    sent_at: Mapped[datetime | None]
    dropped: Mapped[str | None]


class SuggestionRefusal(Base):
    """别再推荐: the person wants no suggestions of a specialty, or (empty) none at all."""

    __tablename__ = "suggestion_refusal"
    __table_args__ = (UniqueConstraint("resident_id", "specialty"),)
    resident_id: Mapped[UUID]
    specialty: Mapped[str]
    said_at: Mapped[datetime]
    by_kinship: Mapped[Kinship | None]
