"""One house at work, and everybody who may stand in some relation to one resident of it.

`Her` is the resident whom the matrix is about: signed, booked, prescribed, followed up, written to.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from audit_builders import an_emergency
from clinic_builders import a_feed, a_holiday, a_roster, a_session, a_strike, an_exception, at
from contract_builders import a_centre, a_contract, join, nurse_of
from family_builders import a_former_relative, a_guardian, a_relative, acting_for
from ladder_builders import a_call
from lottery_builders import an_open_draw
from mandate_builders import document, present, terms
from message_builders import a_message
from outreach_builders import a_list
from people import a_member_of_staff, a_resident, an_account, by, by_itself, logged_in, token_of
from prescription_builders import Surgery
from sms_simulators import CALLBACK_SECRET
from sqlalchemy import func, text, update
from staffing_builders import a_manager, a_post, stepped_up, with_access
from trial_builders import a_waiting_trial

from backend import (
    clinics,
    contracting,
    followups,
    identity,
    network,
    prescriptions,
    privacy,
    proxies,
    staffing,
    teams,
)
from backend.identity.models import DeskRequest
from backend.kernel import entry
from backend.kernel.context import Role, Scope
from backend.kernel.database import db
from backend.kernel.events import EventRow
from backend.kernel.ids import new_id
from backend.kernel.relations import Belonging, Kind, Membership, relate

NAME = "欧阳桂芬"


@dataclass(frozen=True)
class Caller:
    """Who asks, and for whom: what is sent along."""

    headers: dict[str, str]
    resident_id: UUID | None = None

    @classmethod
    def of(cls, person: Any, acting_for: identity.Resident | None = None) -> "Caller":
        """Somebody with a token, who names a person where it is a resident."""
        headers = {"Authorization": f"Bearer {token_of(person)}"}
        if acting_for is not None:
            headers["Jiayi-Person"] = str(acting_for.id)
        return cls(headers, person.id if isinstance(person, identity.Resident) else None)


@dataclass(frozen=True)
class World:
    """The callers by the name of their column, what requests may name, what tells of her.

    Plain values, which outlive the sessions that found them.
    """

    callers: dict[str, Caller]
    facts: dict[str, Any]
    marks: frozenset[str]
    people: dict[UUID, frozenset[str]]


@dataclass
class Making:
    """Her, her house, and what is known of them so far."""

    surgery: Surgery
    neighbour: identity.Resident
    facts: dict[str, Any] = field(default_factory=dict)
    marks: frozenset[str] = frozenset()

    @property
    def her(self) -> identity.Resident:
        return self.surgery.resident

    @property
    def house(self) -> network.Institution:
        return self.surgery.centre


def a_world() -> World:
    """Everything, in one transaction."""
    consortium = network.Consortium(name=f"示例医共体{new_id().hex[-8:]}")
    db.session.add(consortium)
    db.session.flush()
    surgery = Surgery(a_centre(consortium_id=consortium.id), resident=a_resident(NAME))
    world = Making(surgery, a_resident("陈邻居"))
    hospital = a_centre(consortium_id=consortium.id)
    specialist = a_member_of_staff(Role.SPECIALIST, "陆专家", hospital.id, "主任医师")
    _her_life(world, specialist)
    callers = {
        **dict(_residents(world)),
        **dict(_colleagues(world, specialist, hospital)),
        **dict(_strangers(world)),
        **dict(_managers(world, consortium)),
    }
    _wishes(world)
    _staff_life(world)
    # Her invitation names him as she wrote it, which is nobody's record: a name that two bear.
    a_resident(world.neighbour.name)
    people = _everybody()
    db.session.commit()
    return World(callers, world.facts, world.marks, people)


def _everybody() -> dict[UUID, frozenset[str]]:
    """Every resident, and what nobody else is called by."""
    rows = db.session.query(identity.Resident.id, identity.Resident.name).all()
    names = Counter(name for _, name in rows)
    return {one: frozenset({str(one), *([name] * (names[name] == 1))}) for one, name in rows}


def _her_life(world: Making, specialist: identity.Staff) -> None:
    surgery, her = world.surgery, world.her
    contract = a_contract(surgery.team, her)
    visit = followups.enrol(by(surgery.doctor), her, by_itself().today - timedelta(days=400))
    reading = followups.answer(by(her), visit, 136, 84)
    roster = a_roster(world.house, specialist)
    _today(world, roster)
    exception = an_exception(roster)
    session = a_session(roster)
    later = a_session(roster, starts_at=session.starts_at + DAY)
    booking = clinics.book(by(her), session.id)
    draw, next_draw = an_open_draw(roster), an_open_draw(a_roster(world.house))
    entry_of_draw = clinics.join_draw(by(her), draw.session_id, wants_waiting=False)
    lost = _displaced(world, a_session(roster, starts_at=session.starts_at + 2 * DAY))
    full = a_session(roster, starts_at=session.starts_at + 3 * DAY, capacity=1)
    clinics.book(by(world.neighbour), full.id)
    waiting = _waits(her, full)
    issued = surgery.issued(28)
    message, call = a_message(her), a_call(her)
    act, mandate = _family_act(world, visit), _mandate(world)
    request = _desk_request(world)
    at_home, at_work = logged_in(her).session_id, logged_in(surgery.doctor).session_id
    second = an_account(resident_id=her.id, bound_at=entry.moment())
    world.facts |= {
        "account_id": second.id,
        "request_id": request.id,
        "id_number": her.id_number,
        "name": NAME,
        "booking_id": booking.id,
        "call_id": call.id,
        "message_id": call.message.first_id,
        "entry_id": entry_of_draw.id,
        "list_id": a_list(surgery.team, her).id,
        "other_draw": next_draw.session_id,
        "lost_id": lost.booking_id,
        "displacement_id": lost.id,
        "mandate_id": mandate.id,
        "daughter": document(a_resident("王小芳")),
        "child": document(a_resident("王宝宝", date(2020, 2, 29))),
        "herself": document(her),
        "contract_id": contract.id,
        "followup_id": visit.id,
        "prescription_id": issued.id,
        "resident_id": her.id,
        "roster_id": roster.id,
        "exception_id": exception.id,
        "draft": a_roster(world.house, specialist, weekday=6, state="draft").id,
        "secret": CALLBACK_SECRET,
        "token": a_feed(world.house),
        "trial_id": a_waiting_trial().id,
        "holiday": a_holiday().day,
        "session_id": session.id,
        "team_id": surgery.team.id,
        "own_session": at_home,
        "staff_session": at_work,
        "other_session": later.id,
        "waiting_id": waiting.id,
        "full_session": full.id,
        "house": world.house.id,
        "expert": specialist.id,
        "drug": surgery.drug.code,
        "agreement": _agreement(her, contract),
        "digest": prescriptions.confirmation_text(issued).digest,
    }
    hers = (
        her,
        contract,
        booking,
        lost,
        entry_of_draw,
        waiting,
        visit,
        reading,
        issued,
        message,
        call.message,
        act,
        mandate,
        request,
    )
    world.marks = frozenset({NAME, *(str(row.id) for row in hers)})


DAY = timedelta(days=1)


def _today(world: Making, roster: clinics.Roster) -> None:
    """Her seat of this morning, a paper card, and a seat that she did not sit on and explains."""
    her, nurse = by(world.her), nurse_of(world.surgery.team)
    session = a_session(roster, starts_at=at(entry.moment(), hour=10, minute=15))
    booking = clinics.book(her, session.id)
    strike = a_strike(her, booking.id)
    clinics.day.appeal(her, clinics.day.hold_strike(her, strike.id), "那天病了")
    claim = identity.Claim(world.her.name, world.her.id_number or "")
    world.facts |= {
        "day_session": session.id,
        "day_booking": booking.id,
        "strike_id": strike.id,
        "card": clinics.day.issue_card(by(nurse), claim).code,
        "door": clinics.day.house_code(by(nurse)),
    }


def _displaced(world: Making, session: clinics.ClinicSession) -> clinics.cascade.Displacement:
    """She had a seat of a session that is not held."""
    lost = clinics.book(by(world.her), session.id)
    clinics.cancel_session(by(a_manager(world.house)), session, "专家外出会诊")
    # What was local to the manager's transaction is still there in the test's own.
    db.session.execute(text("SELECT set_config('jiayi.houses', '', true)"))
    return db.session.query(clinics.cascade.Displacement).filter_by(booking_id=lost.id).one()


def _wishes(world: Making) -> None:
    """What she asked of her own data; a neighbour's death that her house reported."""
    departed = a_resident("李福生")
    a_contract(world.surgery.team, departed)
    own = by(world.her)
    privacy.ask_deletion(own, privacy.of_deletion(own).digest)
    wish = privacy.ask_correction(own, privacy.Subject.COMMUNITY, "海岛社区", "搬家了")
    news = privacy.report_death(by(world.surgery.doctor), departed, own.today, "家属告知")
    world.facts |= {
        "correction_id": wish.id,
        "export_id": privacy.ask_export(own).id,
        "report_id": news.id,
        "invitation": proxies.invite(own, world.neighbour.name, terms()).code,
        "refresh_token": logged_in(world.her).refresh_token,
        "purpose": identity.Purpose.HEALTH_DATA,
    }


def _staff_life(world: Making) -> None:
    """The team's nurse, who will be away, and a post that is offered; managers have stepped up."""
    nurse, chief = nurse_of(world.surgery.team), stepped_up(a_manager(world.house))
    deputy = a_member_of_staff(Role.NURSE, "代班护士", world.house.id)
    first = by_itself().today + 30 * DAY
    belongs = db.session.query(Membership).filter_by(staff_id=nurse.id).one()
    credential = with_access(world.surgery.doctor, "yi.sheng")
    credential.new_totp = credential.totp
    access = an_emergency(a_member_of_staff(Role.DOCTOR, "夜班医生", world.house.id), world.her)
    world.facts |= {
        "staff_id": nurse.id,
        "totp": credential.totp,
        "colleague": deputy.id,
        "absence_id": teams.be_absent(chief, nurse, deputy.id, first, first).id,
        "membership_id": belongs.id,
        "invitation_id": staffing.invite(chief, a_post(world.house)).invitation.id,
        "access_id": access.id,
    }
    db.session.execute(update(identity.LoginSession).values(stepped_up_at=func.now()))


def _waits(her: identity.Resident, full: clinics.ClinicSession) -> clinics.Place:
    """She waits for a seat of a full session, is offered one, and is to be called."""
    place = clinics.join(by(her), clinics.Target(session_id=full.id))
    entry = db.session.get_one(clinics.WaitingEntry, place.id)
    entry.reach = clinics.Reach.PHONE
    holder = db.session.query(clinics.Booking).filter_by(session_id=full.id).one()
    own = by(db.session.get_one(identity.Resident, holder.resident_id))
    clinics.cancel(own, clinics.hold(own, holder.id))
    clinics.offer_to(by_itself(), full.id, place.id)
    return place


def _family_act(world: Making, visit: followups.FollowUp) -> EventRow:
    """Her daughter wrote a reading down."""
    daughter = a_relative(world.her, *Scope)
    followups.answer(acting_for(daughter, world.her), visit, 134, 82)
    done = db.select(EventRow).where(EventRow.by_kinship.is_not(None))
    row: EventRow = db.session.execute(done).scalars().one()
    return row


def _mandate(world: Making) -> proxies.Mandate:
    """Recorded at the desk of her house by a nurse who is off now; it waits for a witness."""
    nurse = a_member_of_staff(Role.NURSE, "窗口护士", world.house.id)
    sides = (present(world.her), present(world.neighbour))
    return proxies.record_proxy(by(nurse), *sides, terms(Scope.BOOK))


def _desk_request(world: Making) -> DeskRequest:
    """Her phone was reported lost at the desk of her house; it waits for a colleague."""
    nurse = a_member_of_staff(Role.NURSE, "窗口护士", world.house.id)
    waiting = identity.report_lost_phone(by(nurse), present(world.her)).waiting
    assert waiting is not None
    return waiting


def _residents(world: Making) -> Iterator[tuple[str, Caller]]:
    her = world.her
    yield "nobody", Caller({})
    yield "visitor", Caller.of(an_account())
    phone = an_account()
    phone.phone = "13805720009"
    yield "phone", Caller.of(phone)
    yield "self", Caller.of(her, her)
    yield "no_consent", Caller.of(her, her)
    yield "proxy_all", Caller.of(a_relative(her, *Scope), her)
    for scope in Scope:
        yield f"proxy_{scope}", Caller.of(a_relative(her, scope), her)
    yield "proxy_ended", Caller.of(a_former_relative(her), her)
    yield "guardian", Caller.of(a_guardian(her), her)
    yield "other_resident", Caller.of(world.neighbour, world.neighbour)
    yield "intruder", Caller.of(world.neighbour, her)


def _colleagues(
    world: Making, specialist: identity.Staff, hospital: network.Institution
) -> Iterator[tuple[str, Caller]]:
    team, house = world.surgery.team, world.house.id
    yield "signed_doctor", Caller.of(world.surgery.doctor)
    deputy = a_member_of_staff(Role.DOCTOR, "代班医生", hospital.id)
    join(deputy, team, Belonging.DEPUTY)
    yield "deputy", Caller.of(deputy)
    yield "team_nurse", Caller.of(nurse_of(team))
    public_health = a_member_of_staff(Role.PUBLIC_HEALTH, "公卫医生", house)
    join(public_health, team)
    yield "team_public_health", Caller.of(public_health)
    yield "other_team_doctor", Caller.of(a_member_of_staff(Role.DOCTOR, "别队医生", house))
    yield "booked_specialist", Caller.of(specialist)
    yield "pharmacist_here", Caller.of(world.surgery.pharmacist)
    yield "coordinator", Caller.of(a_member_of_staff(Role.COORDINATOR, "转诊专员", house))


def _strangers(world: Making) -> Iterator[tuple[str, Caller]]:
    elsewhere = a_centre().id
    yield "doctor_elsewhere", Caller.of(a_member_of_staff(Role.DOCTOR, "外院医生", elsewhere))
    yield "specialist_elsewhere", Caller.of(a_member_of_staff(Role.SPECIALIST, "外专", elsewhere))
    yield "pharmacist_elsewhere", Caller.of(a_member_of_staff(Role.PHARMACIST, "外药", elsewhere))
    emergency = a_member_of_staff(Role.DOCTOR, "急诊医生", elsewhere)
    until = entry.moment() + timedelta(hours=4)
    relate(by_itself(), world.her.id, emergency.id, Kind.EMERGENCY, source_id=new_id(), until=until)
    yield "emergency", Caller.of(emergency)
    left = a_member_of_staff(Role.DOCTOR, "离职医生", world.house.id)
    join(left, world.surgery.team)
    yield "left_doctor", Caller.of(left)
    left.left_at = entry.moment() - DAY


def _managers(world: Making, consortium: network.Consortium) -> Iterator[tuple[str, Caller]]:
    yield "manager_here", Caller.of(a_member_of_staff(Role.MANAGER, "钱主任", world.house.id))
    yield "manager_elsewhere", Caller.of(a_member_of_staff(Role.MANAGER, "外主任", a_centre().id))
    lead = a_centre(consortium_id=consortium.id).id
    yield (
        "consortium_manager",
        Caller.of(a_member_of_staff(Role.CONSORTIUM_MANAGER, "共体主任", lead)),
    )
    other = network.Consortium(name=f"别的医共体{new_id().hex[-8:]}")
    db.session.add(other)
    db.session.flush()
    far = a_centre(consortium_id=other.id).id
    yield (
        "other_consortium_manager",
        Caller.of(a_member_of_staff(Role.CONSORTIUM_MANAGER, "外共体主任", far)),
    )
    yield "auditor", Caller.of(a_member_of_staff(Role.AUDITOR, "审计员", world.house.id))


def _agreement(her: identity.Resident, contract: contracting.Contract) -> dict[str, str]:
    """The agreement's version and hash as she reads them."""
    wording = contracting.agreement(by(her), contract)
    assert wording is not None
    return {"version": wording.version, "sha256": wording.sha256}
