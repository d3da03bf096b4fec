"""What WeChat told is applied once, in any order, however late; a bad event blocks nobody."""

import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import callbacks
import pytest
from conftest import MORNING
from message_builders import a_message
from people import Http, a_resident, by_itself
from sqlalchemy import select, update

from backend import identity, messaging
from backend.kernel import entry
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import (
    Message,
    Outcome,
    Reason,
    Result,
    State,
    WeChatEvent,
    event_settling,
    history,
    ledger,
    wechat_events,
)
from backend.messaging.callback_models import EventState
from backend.messaging.models import Entry, Step
from jobs import housekeeping, wechat

DEMO, BOOKING = "JIAYI-DEMO", "JIAYI-BOOKING"


def openid_of(resident: identity.Resident) -> str:
    return str(identity.openid_of_resident(resident.id))


def account_of(resident: identity.Resident) -> UUID:
    found = select(identity.Account.id).where(identity.Account.resident_id == resident.id)
    return db.session.execute(found).scalar_one()


def events() -> list[WeChatEvent]:
    db.session.expire_all()
    return list(db.session.execute(select(WeChatEvent).order_by(WeChatEvent.id)).scalars())


def apply() -> int:
    """Apply everything as if its time had come."""
    due = MORNING - timedelta(days=1)
    db.session.execute(update(WeChatEvent).values(next_at=due))
    return wechat.apply_events()


def left(resident: identity.Resident, template: str = BOOKING) -> int:
    account = account_of(resident)
    return ledger.balances([account]).get((account, template), 0)


def pushed(http: Http, message: bytes) -> None:
    answer = callbacks.told(http, message)
    assert (answer.status_code, answer.text) == (200, "success")


def just_now(seconds: float = 0) -> int:
    return int(time.time() + seconds)


def attempted(message: Message, state: State, msgid: int | None = None) -> Message:
    """The message after a sender had it."""
    ctx = by_itself()
    (claimed,) = messaging.claim(ctx, "a-sender", 1)
    assert claimed.id == message.id
    reason = None if state is State.SENT else Reason.NO_ANSWER
    outcome = Outcome(state, reason, counted=True, msgid=msgid)
    at = ctx.at
    assert messaging.settle(at, [Result(message.id, claimed.token, outcome)]) == 1
    db.session.expire_all()
    return message


def test_an_accepted_popup_is_a_message_more_once_however_often_it_is_told(http: Http) -> None:
    resident = a_resident()
    message = callbacks.popup(openid_of(resident), BOOKING, created=just_now())
    for _ in range(3):
        pushed(http, message)
    assert [event.state for event in events()] == [EventState.STORED]
    assert apply() == 1
    assert (left(resident), apply()) == (1, 0)
    pushed(http, message)
    assert (left(resident), apply()) == (1, 0)
    (event,) = events()
    assert (event.state, event.openid) == (EventState.APPLIED, None)


@pytest.mark.parametrize("event_first", [True, False])
def test_a_report_and_an_event_of_one_tap_count_once(http: Http, event_first: bool) -> None:
    resident = a_resident()

    def report() -> None:
        told = {"report_id": str(new_id()), "results": {BOOKING: "accept"}}
        assert http("POST", "/resident/subscriptions", resident, json=told).status_code == 200

    def event() -> None:
        pushed(http, callbacks.popup(openid_of(resident), BOOKING, created=just_now()))
        assert apply() == 1

    for act in [event, report] if event_first else [report, event]:
        act()
    assert left(resident) == 1


def test_rejected_and_switched_off(http: Http) -> None:
    resident = a_resident()
    openid, account = openid_of(resident), account_of(resident)
    pushed(http, callbacks.popup(openid, BOOKING, created=just_now(-9)))
    pushed(http, callbacks.popup(openid, DEMO, "reject", created=just_now(-8)))
    apply()
    assert left(resident) == 1
    assert ledger.declined(account, MORNING - timedelta(days=1)) == {DEMO}
    pushed(http, callbacks.switched_off(openid, BOOKING, created=just_now(-7)))
    apply()
    assert left(resident) == 0
    assert ledger.switched_off(account) == {BOOKING}


def test_several_items_at_once_and_out_of_order(http: Http) -> None:
    resident = a_resident()
    openid = openid_of(resident)
    pushed(http, callbacks.switched_off(openid, DEMO, created=just_now(-30)))
    items = [
        {"TemplateId": name, "SubscribeStatusString": "accept"} for name in (BOOKING, DEMO, "T3")
    ]
    pushed(http, callbacks.event("popup", openid, *items, created=just_now(-60)))
    assert apply() == 4
    assert (left(resident), left(resident, DEMO), left(resident, "T3")) == (1, 0, 1)


def test_who_has_no_account_yet_is_waited_for_and_then_forgotten(http: Http) -> None:
    pushed(http, callbacks.popup("comes-later", BOOKING, created=just_now()))
    assert apply() == 1
    assert [(event.state, event.openid) for event in events()] == [
        (EventState.STORED, "comes-later")
    ]
    resident = a_resident()
    account = db.session.get_one(identity.Account, account_of(resident))
    account.openid = "comes-later"
    apply()
    assert left(resident) == 1
    pushed(http, callbacks.popup("never-comes", BOOKING, created=just_now()))
    long_ago = entry.moment() - timedelta(days=400)
    db.session.execute(update(WeChatEvent).values(received_at=long_ago))
    apply()
    assert [(event.state, event.openid) for event in events()] == [
        (EventState.APPLIED, None),
        (EventState.UNMATCHED, None),
    ]
    assert housekeeping.forget_events() == 2
    assert events() == []


def test_what_does_not_concern_us_is_kept_without_a_person(http: Http) -> None:
    pushed(http, callbacks.event("other", "somebody", created=just_now()))
    (event,) = events()
    assert (event.name, event.state) == ("subscribe_msg_other_event", EventState.IGNORED)
    assert (event.openid, event.account_id, event.told) == (None, None, None)
    assert apply() == 0


def test_a_poisonous_event_is_set_aside_and_blocks_nobody(
    http: Http, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = a_resident(), a_resident()
    for resident in (bad, good):
        pushed(http, callbacks.popup(openid_of(resident), BOOKING, created=just_now()))
    poisoned, enter = account_of(bad), ledger.enter

    def breaks(at: Any, account_id: UUID, *rest: Any) -> None:
        enter(at, account_id, *rest)
        if account_id == poisoned:
            raise ValueError(str(at))

    monkeypatch.setattr(ledger, "enter", breaks)
    for _ in range(wechat_events.MOST_FAILURES):
        apply()
    assert (left(bad), left(good)) == (0, 1)
    first, second = events()
    assert (first.state, first.error) == (EventState.QUARANTINED, "ValueError")
    assert second.state is EventState.APPLIED
    assert messaging.events_quarantined() == 1


def test_a_delivered_push_settles_what_was_in_doubt(http: Http) -> None:
    resident = a_resident()
    openid = openid_of(resident)
    pushed(http, callbacks.popup(openid, DEMO, created=just_now(-60)))
    apply()
    message = attempted(a_message(resident), State.UNKNOWN)
    for _ in range(2):
        pushed(http, callbacks.sent(openid, DEMO, 2**62, created=just_now()))
        apply()
    db.session.refresh(message)
    assert (message.state, message.reason, message.msgid) == (State.SENT, None, 2**62)
    assert message.sent_at is not None
    assert abs(message.sent_at - by_itself().at) < timedelta(seconds=10)
    assert left(resident, DEMO) == 0
    assert [line.step for line in history.of(message.id)][-1] is Step.SETTLED


@pytest.mark.parametrize(
    ("code", "reason"), [(43101, Reason.NO_CREDIT), (777, Reason.NOT_DELIVERED)]
)
@pytest.mark.parametrize(
    ("state", "msgid"), [(State.UNKNOWN, None), (State.SENT, 7), (State.SENT, None)]
)
def test_a_failed_push_fails_the_message_with_its_reason(
    http: Http, state: State, msgid: int | None, code: int, reason: Reason
) -> None:
    resident = a_resident()
    message = attempted(a_message(resident), state, msgid)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 7, code, created=just_now()))
    assert apply() == 1
    db.session.refresh(message)
    assert (message.state, message.reason, message.errcode) == (State.FAILED, reason, code)
    assert message.sent_at is None
    assert [event.state for event in events()] == [EventState.APPLIED]


def test_a_push_known_by_its_number_says_nothing_of_another_in_doubt(http: Http) -> None:
    resident = a_resident()
    doubtful = attempted(a_message(resident), State.UNKNOWN)
    known = attempted(a_message(resident), State.SENT, 8)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 8, created=just_now()))
    assert apply() == 1
    db.session.refresh(doubtful)
    assert (doubtful.state, known.state) == (State.UNKNOWN, State.SENT)


def test_a_push_without_number_takes_the_event_nearest_to_it(http: Http) -> None:
    resident = a_resident()
    doubtful = attempted(a_message(resident), State.UNKNOWN)
    sent = attempted(a_message(resident), State.SENT)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 9, created=just_now()))
    apply()
    db.session.refresh(sent)
    db.session.refresh(doubtful)
    assert (sent.msgid, doubtful.state) == (9, State.UNKNOWN)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 10, created=just_now()))
    apply()
    db.session.refresh(doubtful)
    assert (doubtful.state, doubtful.msgid) == (State.SENT, 10)


def test_an_event_that_outruns_the_sender_waits_for_it(http: Http) -> None:
    """Else it would settle another message of the same person, which is still in doubt."""
    resident = a_resident()
    doubtful = attempted(a_message(resident), State.UNKNOWN)
    on_its_way = a_message(resident)
    (claimed,) = messaging.claim(by_itself(), "a-sender", 1)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 11, 777, created=just_now()))
    apply()
    db.session.refresh(doubtful)
    assert (doubtful.state, events()[0].state) == (State.UNKNOWN, EventState.STORED)
    outcome = Outcome(State.SENT, counted=True, msgid=11)
    messaging.settle(by_itself().at, [Result(on_its_way.id, claimed.token, outcome)])
    apply()
    db.session.expire_all()
    assert (doubtful.state, on_its_way.state) == (State.UNKNOWN, State.FAILED)


def test_an_event_of_nobodys_push_is_given_up_after_a_day(http: Http) -> None:
    resident = a_resident()
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 12, created=just_now()))
    apply()
    assert [event.state for event in events()] == [EventState.STORED]
    long_ago = entry.moment() - timedelta(days=400)
    db.session.execute(update(WeChatEvent).values(received_at=long_ago))
    apply()
    assert [event.state for event in events()] == [EventState.UNMATCHED]


def test_what_was_held_back_for_days_is_found_all_the_same(http: Http) -> None:
    """Holidays and budgets hold a message back; it went when it was ready, not when it was due."""
    resident = a_resident()
    message = a_message(resident)
    message.due_at, message.wait_until = MORNING - timedelta(days=8), MORNING
    db.session.flush()
    attempted(message, State.UNKNOWN)
    pushed(http, callbacks.sent(openid_of(resident), DEMO, 15, created=just_now()))
    apply()
    db.session.refresh(message)
    assert message.state is State.SENT


def test_of_another_template_or_day_nothing_is_settled(http: Http) -> None:
    resident = a_resident()
    message = attempted(a_message(resident), State.UNKNOWN)
    openid = openid_of(resident)
    pushed(http, callbacks.sent(openid, BOOKING, 13, created=just_now()))
    pushed(http, callbacks.sent(openid, DEMO, 14, created=just_now(-86_400)))
    apply()
    db.session.refresh(message)
    assert message.state is State.UNKNOWN
    assert timedelta(days=1) < event_settling.OLDEST


def test_the_copy_of_a_record_has_it_and_its_erasure_ends_it(http: Http) -> None:
    resident = a_resident()
    pushed(http, callbacks.popup(openid_of(resident), BOOKING, created=just_now()))
    apply()
    ctx = by_itself()
    (row,) = messaging.export(ctx, resident.id)["wechat_event"]
    assert (row["told"], row["template_id"]) == ("accepted", BOOKING)
    (entered,) = messaging.export(ctx, resident.id)["credit"]
    assert entered["entry"] == Entry.CONFIRMED
    messaging.erase(ctx, resident.id)
    assert events() == []


def test_a_result_that_waited_in_a_journal_is_found_by_when_it_was_called(http: Http) -> None:
    """And what WeChat says failed is failed, however late the database heard of the call."""
    resident = a_resident()
    message = attempted(a_message(resident), State.SENT)
    message.sent_at = MORNING + timedelta(minutes=9)
    db.session.flush()
    event = WeChatEvent(
        account_id=account_of(resident), template_id=message.template_id, msgid=7,
        happened_at=MORNING + timedelta(seconds=2), errcode=43101,
    )  # fmt: skip
    assert [found for _, found in event_settling.settle([event])] == [True]
    db.session.expire_all()
    assert (message.state, message.msgid) == (State.FAILED, 7)
