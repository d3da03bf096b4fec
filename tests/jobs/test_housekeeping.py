"""What is kept for a while only is gone afterwards, and nothing else is."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from mandate_builders import a_guardian_of, a_mandate, present
from people import Http, a_member_of_staff, a_resident, by
from sqlalchemy import text
from staffing_builders import an_invitation, joined

from backend import identity, proxies, staffing
from backend.kernel import forgetting
from backend.kernel.clock import FixedClock
from backend.kernel.context import Role
from backend.kernel.database import db
from jobs import housekeeping
from jobs import proxies as mandates
from jobs.timetable import TIMETABLE


def count(model: Any) -> int:
    return db.session.query(model).count()


def put(words: str, **told: object) -> None:
    db.session.execute(text(words), told)


@pytest.mark.usefixtures("app")
def test_codes_that_ran_out_and_misses_of_yesterday() -> None:
    nurse = a_member_of_staff(Role.NURSE)
    for minutes in (-1, 5):
        account = identity.Account(openid=f"o{minutes}", created_at=by(nurse).at)
        db.session.add(account)
        db.session.flush()
        put(
            "INSERT INTO desk_code VALUES (gen_random_uuid(), :whose, :code,"
            " now() + :minutes * interval '1 minute')",
            whose=account.id,
            code=str(minutes).encode(),
            minutes=minutes,
        )
    for hours in (1, 25):
        put(
            "INSERT INTO desk_miss VALUES (gen_random_uuid(), :who, now() - :h * interval '1 h')",
            who=nurse.id,
            h=hours,
        )
    assert housekeeping.forget_desk() == 2
    assert (count(identity.models.DeskCode), count(identity.models.DeskMiss)) == (1, 1)
    assert housekeeping.forget_desk() == 0


@pytest.mark.usefixtures("app")
def test_more_than_one_commit_holds_takes_several() -> None:
    put(
        "INSERT INTO verification_failure SELECT gen_random_uuid(), gen_random_uuid(), 'n',"
        " now() - interval '25 h' FROM generate_series(1, 1100)"
    )
    put("INSERT INTO verification_failure VALUES (gen_random_uuid(), gen_random_uuid(), 'n')")
    assert identity.forget_attempts() == forgetting.AT_ONCE == 500
    assert housekeeping.forget_attempts() == 600
    put(
        "INSERT INTO lockout SELECT gen_random_uuid(), n::text::bytea, 3,"
        " now() - n * interval '1 h' FROM generate_series(1, 600) n"
    )
    assert housekeeping.forget_failures() == 577
    assert count(staffing.Lockout) == 23


def test_invitations_that_nobody_accepted(app: Flask, clock: FixedClock) -> None:
    accepted, waiting = an_invitation(), an_invitation()
    joined(accepted.link_code)
    kept, last = accepted.invitation.id, waiting.invitation.expires_at
    db.session.commit()
    clock.at = last + housekeeping.INVITATIONS_KEPT
    assert housekeeping.forget_invitations() == 0
    clock.at += timedelta(seconds=1)
    assert housekeeping.forget_invitations() == 1
    assert [row.id for row in db.session.query(staffing.Invitation)] == [kept]


def test_which_document_was_seen_for_a_mandate_that_is_over(app: Flask, clock: FixedClock) -> None:
    child = a_resident("李小宝", date(2020, 5, 6))
    over = a_guardian_of(child)
    going_on = a_guardian_of(child, a_resident("李强", date(1986, 6, 1)))
    nurse = db.session.get_one(identity.Staff, over.recorded_by)
    proxies.revoke_for(by(nurse), present(child), over.id)
    ids, ended = (over.id, going_on.id), over.ended_at
    db.session.commit()
    assert ended
    clock.at = ended.replace(year=2029)
    assert mandates.forget_papers() == 0
    clock.at += timedelta(days=1)
    assert mandates.forget_papers() == 1
    gone, there = (db.session.get_one(proxies.Mandate, one) for one in ids)
    assert (gone.proof_number, there.proof_number) == (None, "330523-0042")
    assert gone.state is proxies.State.ENDED


def test_a_name_written_in_an_invitation_goes_with_the_answer(http: Http) -> None:
    assert a_mandate().invited_name_sealed is None


def test_each_sweep_has_its_hour() -> None:
    names = {job.name for job in TIMETABLE}
    wanted = {"forget_desk", "forget_invitations", "forget_failures", "forget_attempts"}
    assert {f"housekeeping.{name}" for name in wanted} | {"proxies.forget_papers"} <= names
