"""Posts are offered, accepted once, and given by those who may give them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from conftest import MORNING
from contract_builders import a_team
from flask import Flask
from people import a_member_of_staff, an_account, by, by_itself, logged_in
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from staffing_builders import (
    a_consortium,
    a_manager,
    a_post,
    an_invitation,
    joined,
    stepped_up,
)

from backend import identity, messaging, staffing
from backend.kernel import relay
from backend.kernel.clock import FixedClock
from backend.kernel.context import CLINICAL, STAFF, Role
from backend.kernel.database import db
from backend.kernel.errors import Forbidden, NotFound, StepUpNeeded, Unauthenticated
from backend.kernel.events import EventRow
from backend.kernel.lifecycle import IllegalMove
from backend.kernel.relations import Belonging, Membership
from backend.staffing.errors import (
    AuditorStandsAlone,
    BoundElsewhere,
    InvitationUnknown,
    NotYoursToGrant,
    TooSoon,
)

MANAGERS = [Role.MANAGER, Role.CONSORTIUM_MANAGER]


def test_accepting_makes_the_post_and_binds_the_account(app: Flask) -> None:
    offer = an_invitation()
    person = joined(offer.link_code)
    assert (person.name, person.role, person.title) == ("俞小满", Role.NURSE, "主管护师")
    account = db.session.query(identity.Account).filter_by(openid="o-newcomer").one()
    assert account.staff_id == person.id
    assert offer.invitation.state is staffing.InvitationState.ACCEPTED
    assert by(person).actor.role is Role.NURSE


def test_the_short_code_is_as_good_however_it_is_typed(app: Flask) -> None:
    offer = an_invitation()
    assert joined(f" {offer.code.lower().replace('-', ' ')} ").role is Role.NURSE


def test_no_code_is_kept(app: Flask) -> None:
    offer = an_invitation()
    row = db.session.execute(text("SELECT staff_invitation::text FROM staff_invitation")).scalar()
    assert row is not None
    for code in (offer.link_code, offer.code, offer.code.replace("-", "")):
        assert code not in row
        assert code.encode().hex() not in row


def test_a_code_is_good_once(app: Flask) -> None:
    offer = an_invitation()
    joined(offer.code)
    with pytest.raises(InvitationUnknown):
        joined(offer.link_code, "o-second")


def test_after_its_days_it_is_good_no_more(app: Flask, clock: FixedClock) -> None:
    offer = an_invitation()
    clock.at = MORNING + timedelta(days=7)
    with pytest.raises(InvitationUnknown):
        joined(offer.code)


def test_what_was_revoked_is_good_no_more(app: Flask) -> None:
    (house,) = a_consortium("")
    manager = a_manager(house)
    offer = staffing.invite(stepped_up(manager), a_post(house))
    held = staffing.hold_invitation(by(manager), offer.invitation.id)
    staffing.revoke(by(manager), held)
    with pytest.raises(InvitationUnknown):
        joined(offer.code)
    with pytest.raises(IllegalMove):
        staffing.revoke(by(manager), held)


@pytest.mark.parametrize("code", ["", "0000-0000-0000", "x" * 43, "ＡＢＣ"])
def test_an_invented_code_opens_nothing(app: Flask, code: str) -> None:
    an_invitation()
    with pytest.raises(InvitationUnknown):
        joined(code)


def test_whoever_works_here_with_this_wechat_cannot_take_another_post(app: Flask) -> None:
    an_account_of = joined(an_invitation().code)
    assert an_account_of.left_at is None
    with pytest.raises(BoundElsewhere):
        joined(an_invitation(Role.DOCTOR).code)


def test_who_left_may_come_back(app: Flask) -> None:
    before = joined(an_invitation().code)
    before.left_at = MORNING
    assert joined(an_invitation().code).id != before.id


@pytest.mark.parametrize("role", sorted(STAFF))
@pytest.mark.parametrize("who", MANAGERS)
def test_who_may_invite_whom(app: Flask, who: Role, role: Role) -> None:
    (house,) = a_consortium("")
    ctx = stepped_up(a_manager(house, who))
    if role in CLINICAL or (who is Role.CONSORTIUM_MANAGER and role in MANAGERS):
        assert staffing.invite(ctx, a_post(house, role)).invitation.role is role
    else:
        with pytest.raises(NotYoursToGrant):
            staffing.invite(ctx, a_post(house, role))


@pytest.mark.parametrize("role", sorted(STAFF - set(MANAGERS)))
def test_nobody_else_invites(app: Flask, role: Role) -> None:
    (house,) = a_consortium("")
    with pytest.raises(Forbidden):
        staffing.invite(stepped_up(a_member_of_staff(role, institution=house.id)), a_post(house))


def test_a_role_is_given_after_a_step_up_only(app: Flask) -> None:
    (house,) = a_consortium("")
    manager, nurse = a_manager(house), a_member_of_staff(Role.NURSE, institution=house.id)
    with pytest.raises(StepUpNeeded):
        staffing.invite(by(manager), a_post(house))
    with pytest.raises(StepUpNeeded):
        staffing.give_role(by(manager), nurse, Role.DOCTOR, "主治医师")
    late = stepped_up(manager)
    an_hour_ago = late.actor.stepped_up_at and late.actor.stepped_up_at - timedelta(hours=1)
    late = replace(late, actor=replace(late.actor, stepped_up_at=an_hour_ago))
    with pytest.raises(StepUpNeeded):
        staffing.invite(late, a_post(house))


def test_a_consortium_manager_invites_into_each_of_its_houses_and_no_other(app: Flask) -> None:
    own, second = a_consortium()
    (foreign,) = a_consortium("")
    whole, house = a_manager(own, Role.CONSORTIUM_MANAGER), a_manager(own)
    assert staffing.invite(stepped_up(whole), a_post(second))
    for manager, wanted in ((whole, foreign), (house, second), (house, foreign)):
        with pytest.raises(NotFound):
            staffing.invite(stepped_up(manager), a_post(wanted))


def test_a_role_counts_from_the_next_request_and_old_sessions_end(app: Flask) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    old = logged_in(nurse).token.text
    staffing.give_role(stepped_up(a_manager(house)), nurse, Role.PUBLIC_HEALTH, "公卫医师")
    assert by(nurse).actor.role is Role.PUBLIC_HEALTH
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, old)


def test_a_house_manager_decides_about_no_other_manager(app: Flask) -> None:
    (house,) = a_consortium("")
    manager, other = a_manager(house), a_manager(house)
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    ctx = stepped_up(manager)
    for person in (other, manager, a_manager(house, Role.CONSORTIUM_MANAGER)):
        with pytest.raises(Forbidden):
            staffing.give_role(ctx, person, Role.DOCTOR, "医师")
    with pytest.raises(NotYoursToGrant):
        staffing.give_role(ctx, nurse, Role.MANAGER, "管理员")


@pytest.mark.parametrize("role", sorted(STAFF - {Role.AUDITOR}))
def test_an_auditor_holds_no_other_role(app: Flask, role: Role) -> None:
    (house,) = a_consortium("")
    ctx = stepped_up(a_manager(house, Role.CONSORTIUM_MANAGER))
    auditor = a_member_of_staff(Role.AUDITOR, institution=house.id)
    other = a_member_of_staff(role, institution=house.id)
    for who, person, wanted, refusal in (
        (ctx, auditor, role, Forbidden),
        (ctx, other, Role.AUDITOR, NotYoursToGrant),
        (by_itself(), auditor, Role.MANAGER, AuditorStandsAlone),
    ):
        with pytest.raises(refusal):
            staffing.give_role(who, person, wanted, "审计员")
    with pytest.raises(AuditorStandsAlone):
        staffing.begin_membership(ctx, auditor, house.id, Belonging.INSTITUTION)


@pytest.mark.parametrize(("before", "after"), [("auditor", "doctor"), ("doctor", "auditor")])
def test_the_database_lets_no_auditor_become_or_have_been_anything(
    app: Flask, before: str, after: str
) -> None:
    person = a_member_of_staff(Role(before))
    with pytest.raises(IntegrityError, match="an auditor holds no other role"):
        db.session.execute(
            text("UPDATE staff SET role = :r WHERE id = :i"), {"r": after, "i": person.id}
        )


def test_the_database_puts_no_auditor_into_a_team(app: Flask) -> None:
    auditor, team = a_member_of_staff(Role.AUDITOR), a_team()
    row = Membership(staff_id=auditor.id, party_id=team.id, kind=Belonging.TEAM, valid_from=MORNING)
    db.session.add(row)
    with pytest.raises(IntegrityError, match="belongs to no team"):
        db.session.flush()


def test_the_first_manager_comes_by_command_and_is_the_only_one(app: Flask) -> None:
    (house,) = a_consortium("")
    post = a_post(house, Role.CONSORTIUM_MANAGER, "许明朗")
    offer = staffing.invite_first(by_itself(), post)
    assert joined(offer.link_code).role is Role.CONSORTIUM_MANAGER
    with pytest.raises(Forbidden):
        staffing.invite_first(by_itself(), post)
    with pytest.raises(NotYoursToGrant):
        staffing.invite_first(by_itself(), a_post(house, Role.DOCTOR))
    with pytest.raises(Forbidden):
        staffing.invite_first(stepped_up(a_manager(house)), post)


@pytest.mark.parametrize("who", MANAGERS)
def test_no_manager_decides_about_an_auditor_but_the_operator_does(app: Flask, who: Role) -> None:
    (house,) = a_consortium("")
    ctx = stepped_up(a_manager(house, who))
    auditor = joined(staffing.invite_first(by_itself(), a_post(house, Role.AUDITOR)).code)
    assert staffing.invite_first(by_itself(), a_post(house, Role.AUDITOR, "第二人"))
    for decide in (staffing.invite_again, staffing.reset_credential, staffing.depart):
        with pytest.raises(Forbidden):
            decide(ctx, auditor)  # type: ignore[operator]
        decide(by_itself(), auditor)  # type: ignore[operator]
    assert auditor.left_at == MORNING


def test_another_phone_ends_the_old_one(app: Flask, clock: FixedClock) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    old = logged_in(nurse).token.text
    before = db.session.query(identity.Account).filter_by(staff_id=nurse.id).one().id
    offer = staffing.invite_again(stepped_up(a_manager(house)), nurse)
    clock.at += timedelta(hours=4) - timedelta(seconds=1)
    with pytest.raises(TooSoon):
        joined(offer.code, "o-new-phone")
    clock.at += timedelta(seconds=1)
    assert joined(offer.code, "o-new-phone").id == nurse.id
    (told,) = db.session.query(EventRow).filter_by(name="staffing.StaffRebound")
    assert told.payload["before"] == str(before)
    bound = db.session.query(identity.Account).filter_by(staff_id=nurse.id).one()
    assert bound.openid == "o-new-phone"
    with pytest.raises(Unauthenticated):
        identity.authenticate(MORNING, old)


def test_a_resident_may_be_staff_as_well(app: Flask) -> None:
    own = an_account()
    assert joined(an_invitation().code, own.openid)
    assert db.session.get_one(identity.Account, own.id).staff_id


def test_whoever_works_here_hears_on_the_old_phone_that_another_is_to_be_bound(app: Flask) -> None:
    (house,) = a_consortium("")
    nurse = a_member_of_staff(Role.NURSE, institution=house.id)
    offer = staffing.invite_again(stepped_up(a_manager(house)), nurse)
    db.session.flush()
    while relay.deliver(by_itself, 50):
        pass
    (told,) = db.session.query(messaging.Message).filter_by(to_staff_id=nurse.id)
    assert (told.kind, told.subject_id) == ("rebinding_asked", offer.invitation.id)
