"""What is over is told to nobody: by the real acts, whatever channel it has come to."""

from datetime import timedelta
from typing import Any

import pytest
from cascade_builders import Cascade, follow
from conftest import MORNING
from followup_builders import GOOD, Patient, a_signed_resident
from ladder_builders import chain, failed
from message_builders import messages_about
from people import a_member_of_staff, by, by_itself

from backend import clinics, contracting, followups, identity, messaging, privacy
from backend.followups import Findings
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.messaging import Channel, Message, MessageKind, Reason, State

pytestmark = pytest.mark.usefixtures("app")
RUNGS = [Channel.WECHAT, Channel.SMS, Channel.CALL, Channel.FAMILY]


def fulfilled(patient: Patient) -> None:
    doctor = by(patient.doctor)
    followups.acknowledge(doctor, patient.visits[0])
    found = Findings(**GOOD)
    followups.complete(doctor, followups.hold(doctor, patient.visits[0].id), found)


def contract_ended(patient: Patient) -> None:
    contracting.terminate(by(patient.resident), patient.contract, contracting.EndReason.OWN_WISH)


def died(patient: Patient) -> None:
    report = privacy.report_death(by(patient.doctor), patient.resident, MORNING.date(), "家属告知")
    other = a_member_of_staff(Role.DOCTOR, "孙医生", patient.team.institution_id)
    privacy.confirm_death(by(other), report)


def opted_out(patient: Patient) -> None:
    ctx, purpose = by(patient.resident), identity.Purpose.REMINDERS
    identity.withdraw(ctx, purpose)


STOPS: list[Any] = [fulfilled, contract_ended, died, opted_out]


def reminded(channel: Channel) -> tuple[Patient, Message, Message]:
    """A patient whose reminder has come to this channel; its first message, and that of now."""
    patient = a_signed_resident("韩大爷")
    today = by_itself().today
    doctor, long_ago = by(patient.doctor), today - timedelta(days=400)
    visit = followups.enrol(doctor, patient.resident, long_ago, today)
    followups.fall_due(by_itself(), followups.hold(by_itself(), visit.id))
    follow()
    (first,) = [one for one in messages_about(visit.id) if one.kind is MessageKind.FOLLOW_UP_DUE]
    now = first
    while now.channel is not channel:
        failed(now, Reason.NOT_DELIVERED)
        messaging.climb(by_itself())
        db.session.expire_all()
        now = chain(first)[-1]
    return patient, first, now


@pytest.mark.parametrize("stop", STOPS)
@pytest.mark.parametrize("channel", RUNGS)
def test_what_waits_on_a_channel_is_taken_back(
    stop: Any, channel: Channel, clock: FixedClock
) -> None:
    patient, first, waiting = reminded(channel)
    stop(patient)
    follow()
    clock.at += timedelta(seconds=50)
    if channel is Channel.CALL:
        messaging.stop_calls(by_itself())
    elif waiting.state is State.QUEUED:  # then it is dropped at the claim
        messaging.claim(by_itself(), "sender", 10, channel)
    db.session.expire_all()
    assert waiting.state is State.WITHDRAWN
    messaging.climb(by_itself())
    assert [one.state for one in [first, *chain(first)] if one.state is State.QUEUED] == []


@pytest.mark.parametrize("stop", STOPS)
def test_what_was_sent_and_not_read_goes_no_further(stop: Any, clock: FixedClock) -> None:
    patient, first, _ = reminded(Channel.WECHAT)
    first.state, first.sent_at = State.SENT, clock.at
    stop(patient)
    follow()
    clock.at += timedelta(hours=9)
    messaging.climb(by_itself())
    assert chain(first) == []


def test_who_has_answered_hears_no_more_of_the_lost_seat() -> None:
    story = Cascade()
    story.close()
    found = messages_about(story.booked.id)
    (lost,) = [one for one in found if one.kind is MessageKind.SESSION_CANCELLED]
    failed(lost, Reason.NO_CREDIT)
    clinics.cascade.do_without(story.me, story.hold())
    follow()
    messaging.climb(by_itself())
    assert chain(lost) == []
