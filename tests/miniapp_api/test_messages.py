"""One's own messages, what became of them, and the pushes one agreed to."""

from datetime import timedelta

from flask import Flask
from ladder_builders import channels, sent
from message_builders import a_message
from people import Http, a_member_of_staff, a_resident, an_account, by_itself

from backend import messaging
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.ids import new_id
from backend.messaging import MessageKind, Outcome, Reason, Result, State

BOOKING = "JIAYI-BOOKING"


def settled(outcome: Outcome) -> None:
    claimed = messaging.claim(by_itself(), "s1", 10)
    messaging.settle(by_itself().at, [Result(one.id, one.token, outcome) for one in claimed])
    db.session.expire_all()


def test_the_inbox_holds_what_was_due_for_oneself(http: Http) -> None:
    resident = a_resident()
    message = a_message(resident, MessageKind.FOLLOW_UP_DUE)
    a_message(resident, due=by_itself().at + timedelta(days=1))
    a_message()
    (shown,) = http("GET", "/resident/messages", resident).json["items"]
    assert (shown["id"], shown["title"], shown["state"]) == (str(message.id), "随访提醒", "queued")
    assert shown["lines"][1] == {"label": "日期", "value": "2026年11月23日"}
    assert shown["why"] is None


def test_the_inbox_says_why_nothing_was_pushed(http: Http) -> None:
    resident = a_resident()
    a_message(resident)
    settled(Outcome(State.FAILED, Reason.NO_CREDIT, counted=True, errcode=43101))
    (shown,) = http("GET", "/resident/messages", resident).json["items"]
    assert "次数" in shown["why"]


def test_what_was_written_in_an_older_template_is_still_shown(http: Http) -> None:
    resident = a_resident()
    message = a_message(resident, MessageKind.FOLLOW_UP_DUE)
    message.content = {"thing1": "随访", "date9": "2026年11月23日"}
    (shown,) = http("GET", "/resident/messages", resident).json["items"]
    assert shown["lines"] == [
        {"label": "提醒内容", "value": "随访"},
        {"label": "", "value": "2026年11月23日"},
    ]


def test_who_is_not_verified_has_no_inbox(http: Http) -> None:
    assert http("GET", "/resident/messages", an_account()).status_code == 403


def test_staff_see_their_own(http: Http) -> None:
    doctor, other = a_member_of_staff(Role.DOCTOR), a_member_of_staff(Role.NURSE)
    a_message(doctor, MessageKind.FOLLOW_UP_TASK)
    assert len(http("GET", "/doctor/messages", doctor).json["items"]) == 1
    assert http("GET", "/doctor/messages", other).json["items"] == []


def test_an_accepted_popup_counts_once_however_often_it_is_reported(http: Http) -> None:
    resident = a_resident()
    body = {
        "report_id": str(new_id()),
        "results": {BOOKING: "acceptWithAudio", "JIAYI-SERVICE": "reject"},
    }
    for _ in range(2):
        answer = http("POST", "/resident/subscriptions", resident, json=body)
        assert answer.status_code == 200
    items = {one["template_id"]: one for one in answer.json["items"]}
    assert (items[BOOKING]["balance"], items[BOOKING]["ask"]) == (1, True)
    assert (items["JIAYI-SERVICE"]["balance"], items["JIAYI-SERVICE"]["ask"]) == (0, False)
    assert http("GET", "/resident/subscriptions", resident).json == answer.json


def test_a_push_spends_a_credit_and_a_refusal_empties_the_account(http: Http) -> None:
    resident = a_resident()

    def balance() -> int:
        items = http("GET", "/resident/subscriptions", resident).json["items"]
        return next(one["balance"] for one in items if one["template_id"] == BOOKING)

    for _ in range(3):
        body = {"report_id": str(new_id()), "results": {BOOKING: "accept"}}
        http("POST", "/resident/subscriptions", resident, json=body)
    a_message(resident, MessageKind.BOOKING_CONFIRMED, values={"place": "示例服务中心"})
    settled(Outcome(State.SENT, counted=True, errcode=0))
    assert balance() == 2
    a_message(resident, MessageKind.BOOKING_CONFIRMED, values={"place": "示例服务中心"})
    settled(Outcome(State.FAILED, Reason.NO_CREDIT, counted=True, errcode=43101))
    assert balance() == 0


def test_at_most_three_templates_are_asked_for(http: Http) -> None:
    for person, path in ((a_resident(), "resident"), (a_member_of_staff(Role.NURSE), "doctor")):
        items = http("GET", f"/{path}/subscriptions", person).json["items"]
        assert 1 <= sum(one["ask"] for one in items) <= 3


def test_a_template_that_is_not_ours_is_pointed_at(http: Http) -> None:
    body = {"report_id": str(new_id()), "results": {"OTHER": "accept"}}
    answer = http("POST", "/resident/subscriptions", a_resident(), json=body)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "/results"


def test_a_manager_sees_the_queue_in_numbers(http: Http) -> None:
    a_message(a_resident(account=False))
    a_message()
    settled(Outcome(State.SENT, counted=True, errcode=0))
    waiting = a_message()
    answer = http("GET", "/manager/messages", a_member_of_staff(Role.MANAGER))
    assert answer.json["reasons"] == {"no_account": 1}
    assert {k: n for k, n in answer.json["states"].items() if n} == {
        "queued": 1,
        "sent": 1,
        "failed": 1,
    }
    assert (answer.json["due"], waiting.state) == (1, State.QUEUED)
    on_wechat = next(one for one in answer.json["channels"] if one["channel"] == "wechat")
    assert (on_wechat["due"], on_wechat["sent_today"], on_wechat["failed"]) == (1, 1, 1)
    assert answer.json["fence"] is None


def test_a_manager_sees_why_and_what_to_do_but_not_whose_it_was(http: Http) -> None:
    lost = a_resident("慕容测试", account=False)
    message = a_message(lost)
    settled(Outcome(State.SENT, counted=True, errcode=0))
    manager = a_member_of_staff(Role.MANAGER)
    answer = http("GET", "/manager/messages/troubles", manager)
    (item,) = answer.json["items"]
    assert (item["id"], item["reason"]) == (str(message.id), "no_account")
    assert "没有绑定微信" in item["words"]
    assert str(lost.id) not in answer.text
    other = http("GET", "/manager/messages/troubles?reason=no_credit", manager)
    assert other.json["items"] == []
    story = http("GET", f"/manager/messages/{message.id}/history", manager)
    assert "没有发出" in story.json["verdict"]
    assert str(lost.id) not in story.text


def test_the_fence_is_seen_by_managers_and_metrics(http: Http, app: Flask) -> None:
    a_message()
    messaging.fence.raise_by_hand(by_itself())
    seen = http("GET", "/manager/messages", a_member_of_staff(Role.MANAGER)).json["fence"]
    assert (seen["because"], seen["held"][0]["number"]) == ("by_hand", 1)
    text = app.test_client().get("/metrics").text
    assert "jiayi_send_fence 1.0" in text
    assert 'jiayi_messages_waiting{channel="wechat",state="due"} 1.0' in text


def test_what_was_handed_over_and_what_waits_after_a_try_is_measured(app: Flask) -> None:
    a_message()
    settled(Outcome(State.SENT, counted=True, errcode=0))
    a_message()
    settled(Outcome(State.QUEUED, Reason.NOT_REACHED, pause_s=5.0))
    text = app.test_client().get("/metrics").text
    assert 'jiayi_handed_over_last_10_minutes{within_s="5"} 1.0' in text
    assert 'jiayi_messages_held_back{channel="wechat",reason="not_reached"} 1.0' in text
    assert 'jiayi_messages_last_hour{channel="wechat",reason="",state="sent"} 1.0' in text


def test_a_doctor_who_opened_an_alert_is_not_told_again(http: Http) -> None:
    doctor, other = a_member_of_staff(Role.DOCTOR), a_member_of_staff(Role.DOCTOR, "钱医生")
    alert = sent(a_message(doctor, MessageKind.EMERGENCY_ALERT), 2)
    path = f"/doctor/messages/{alert.id}/read"
    assert http("POST", path, other).status_code == 404
    assert http("POST", path, doctor).status_code == 200
    messaging.climb(by_itself())
    db.session.expire_all()
    assert alert.read_at == by_itself().at
    assert channels(alert) == []
    assert http("POST", path, doctor).status_code == 200
