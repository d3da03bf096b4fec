"""A trial of wordings: approved by a second hand, stopped at once, each person in one arm."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from clinic_builders import a_roster, a_session
from flask import Flask
from message_builders import a_message
from people import Http, a_member_of_staff, a_resident, by, by_itself
from sqlalchemy import text
from trial_builders import LINES, a_running_trial, a_trial, allowed

from backend import clinics, identity, messaging, trials
from backend.kernel.context import Role
from backend.kernel.database import db
from backend.kernel.errors import Invalid
from backend.messaging import MessageKind
from backend.messaging.arms import arm_of
from backend.trials import Trial, TrialState, Verdict
from backend.trials.errors import AnotherRuns, ItsOwnApproval, NotAllowed, NotTriable
from jobs import trials as jobs


@pytest.fixture(autouse=True)
def _region(app: Flask) -> Iterator[None]:
    with allowed():
        yield


def a_reminder(came: bool | None = None) -> messaging.Message:
    """A visit's reminder, and what became of the visit."""
    resident, session = a_resident(), a_session(a_roster())
    booking = clinics.book(by(resident), session.id)
    if came is not None:
        state = "seen" if came else "missed"
        became = text(
            f"UPDATE booking SET state = '{state}', arrived_at = {_at(came)},"
            f" seen_at = {_at(came)} WHERE id = :id"
        )
        db.session.execute(became, {"id": booking.id})
    words = {"time": "2026年12月01日 09:00", "place": "中心"}
    to = messaging.To.resident(resident.id)
    messaging.queue(by_itself(), MessageKind.VISIT_NEAR, to, booking.id, "trial", words)
    return db.session.query(messaging.Message).filter_by(occasion="trial").order_by(ID.desc())[0]


ID = messaging.Message.id


def claimed() -> dict[UUID, str]:
    """What goes now, and its first line."""
    db.session.flush()
    rows = messaging.claim(by_itself(), "trial", 100)
    db.session.expire_all()
    return {row.id: json.loads(row.content)["thing1"] for row in rows}


def _at(came: bool) -> str:
    return "now()" if came else "NULL"


def sent() -> None:
    leases = ", lease_token = NULL, lease_until = NULL WHERE state = 'sending'"
    db.session.execute(text(f"UPDATE message SET state = 'sent', sent_at = now(){leases}"))


def test_without_a_trial_everybody_reads_the_usual_line(app: Flask) -> None:
    reminder = a_reminder()
    assert claimed() == {reminder.id: messaging.usual_line(MessageKind.VISIT_NEAR)}
    assert reminder.arm_id is None


def test_each_person_is_written_to_in_the_words_of_one_arm() -> None:
    trial = a_running_trial()
    reminders = [a_reminder() for _ in range(6)]
    found = claimed()
    usual = messaging.usual_line(MessageKind.VISIT_NEAR)
    for reminder in reminders:
        assert reminder.to_resident_id is not None
        words = [usual, *LINES][arm_of(reminder.to_resident_id, trial.id, 3)]
        assert found[reminder.id] == words == reminder.content["thing1"]
        assert reminder.arm_id is not None


def test_what_was_rewritten_and_other_kinds_are_left_alone() -> None:
    a_running_trial()
    late, other = a_reminder(), a_message()
    late.content = dict(late.content) | {"thing1": "今天有您的门诊预约，请点开查看"}
    assert claimed()[late.id] == "今天有您的门诊预约，请点开查看"
    assert (late.arm_id, other.arm_id) == (None, None)


def test_whoever_proposed_it_does_not_approve_it() -> None:
    trial = a_trial()
    proposer = db.session.get_one(identity.Staff, trial.proposed_by)
    with pytest.raises(ItsOwnApproval):
        trials.approve(by(proposer), trial, "伦审示例")
    assert trial.state is TrialState.PROPOSED


def test_one_trial_of_a_kind_runs_at_a_time() -> None:
    a_running_trial()
    with pytest.raises(AnotherRuns):
        a_running_trial()


def test_stopped_it_words_nothing_any_more() -> None:
    trial = a_running_trial()
    manager = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医联体管理员丙")
    waiting = [a_reminder() for _ in range(4)]
    claimed()
    back = ", lease_token = NULL, lease_until = NULL WHERE state = 'sending'"
    db.session.execute(text(f"UPDATE message SET state = 'queued'{back}"))
    trials.stop(by(manager), trial)
    usual = messaging.usual_line(MessageKind.VISIT_NEAR)
    assert claimed() == dict.fromkeys([one.id for one in waiting], usual)
    assert trial.verdict is Verdict.STOPPED


def test_where_the_region_does_not_allow_it_nothing_begins_and_what_runs_ends() -> None:
    trial_id = a_running_trial().id
    with allowed(False):
        with pytest.raises(NotAllowed):
            a_trial()
        assert jobs.look() == 1
    assert db.session.get_one(Trial, trial_id).verdict is Verdict.STOPPED


UNFIT = ["\u200b", "😀" * 20, "高血压复诊请按时来", "记得带硝苯地平", "王女士请按时来"]


@pytest.mark.parametrize(
    "lines",
    [["按时来", "按时来"], ["您有门诊预约，来不了请点开取消"], *([line] for line in UNFIT)],
)
def test_wordings_differ_fit_and_tell_nothing(lines: list[str]) -> None:
    with pytest.raises(NotTriable):
        a_trial(lines=lines)


def test_what_cannot_be_counted_is_not_tried() -> None:
    with pytest.raises(NotTriable):
        a_trial(kind=MessageKind.FOLLOW_UP_DUE)


def test_size_and_end_are_within_the_regions() -> None:
    with pytest.raises(Invalid) as refused:
        a_trial(people=10**6, ends_on=by_itself().today + timedelta(days=999))
    assert {fault.pointer for fault in refused.value.faults} == {"/people", "/ends_on"}


def test_each_person_counts_once_and_harm_ends_it() -> None:
    trial_id = a_running_trial(people=4, lines=LINES[:1]).id
    told = [a_reminder(came=True) for _ in range(6)]
    assert len(claimed()) == len(told)
    sent()
    shown = trials.find(by_itself(), trial_id)
    assert sum(arm.tally.written_to for arm in shown.arms) == 6
    assert sum(arm.tally.came for arm in shown.arms) == 6
    assert [arm.number for arm in shown.arms] == [0, 1]
    assert jobs.look() == 1
    ended = db.session.get_one(Trial, trial_id)
    assert (ended.state, ended.verdict) == (TrialState.ENDED, Verdict.NO_DIFFERENCE)
    assert jobs.look() == 0


def test_a_trial_over_http(http: Http) -> None:
    first = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医联体管理员甲")
    second = a_member_of_staff(Role.CONSORTIUM_MANAGER, "医联体管理员乙")

    def ask(method: str, path: str, who: identity.Staff, body: Any = None) -> Any:
        return http(method, f"/manager/trials{path}", who, json=body)

    ends_on = (by_itself().today + timedelta(days=30)).isoformat()
    asked = {"kind": "visit_near", "question": "哪种更好？", "wordings": LINES}
    made = ask("POST", "", first, asked | {"people": 800, "ends_on": ends_on})
    assert made.status_code == 201, made.json
    path, word = f"/{made.json['id']}", {"reference": "伦审示例"}
    own = ask("POST", f"{path}/approval", first, word)
    assert (own.status_code, own.json["type"]) == (403, "urn:jiayi:problem:own-approval")
    assert ask("POST", f"{path}/approval", second, word).json["state"] == "running"
    usual = messaging.usual_line(MessageKind.VISIT_NEAR)
    shown = ask("GET", path, first).json
    assert [arm["line"] for arm in shown["arms"]] == [usual, *LINES]
    assert ask("POST", f"{path}/end", first).json["verdict"] == "stopped"
    assert ask("POST", f"{path}/end", first).status_code == 409
    assert len(ask("GET", "", second).json["items"]) == 1
