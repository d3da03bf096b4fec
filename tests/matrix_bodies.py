"""What each operation is sent, so that nobody is refused for what was sent."""

import base64
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import callbacks
from matrix_world import World
from people import by_itself
from staffing_builders import PASSWORD

from backend import identity
from backend.clinics import roster_sheets
from backend.kernel.ids import new_id
from backend.staffing import codes

Body = Callable[[World], Any]
PUSHED = callbacks.sealed(callbacks.popup("a-stranger", "TPL-NONE"))
QUERIES: Mapping[str, Body] = {
    "GET /resident/contracts/draft": lambda world: {
        "team_id": str(world.facts["team_id"]),
        "months": 12,
    },
    "GET /open/wechat/events": lambda _: callbacks.query(echostr="4375120948345356249"),
    "POST /open/wechat/events": lambda _: callbacks.query(PUSHED),
    "GET /open/teams": lambda world: {"institution_id": str(world.facts["house"])},
    "GET /open/teams/nearest": lambda _: {"latitude": 30.87, "longitude": 120.09},
}


def _day(days: int) -> str:
    return (by_itself().today + timedelta(days)).isoformat()


def _popup(_world: World) -> Any:
    return {"report_id": str(new_id()), "results": {"TPL-NONE": "reject"}}


def _reason(_world: World) -> Any:
    return {"reason": "请到门诊当面评估"}


def _draft(world: World) -> Any:
    line = {"drug": world.facts["drug"], "dose": 1, "times_per_day": 1, "quantity": 28}
    assessed = {"stable": True, "adherent": True, "plan_fits": True, "educated": True}
    return {
        "diagnoses": ["I10.x00"],
        "lines": [line | {"usage": "口服"}],
        "days": 28,
        "assessment": assessed | {"note": "平稳"},
    }


def _plan(world: World) -> Any:
    return {
        "expert_id": str(world.facts["expert"]),
        "specialty": "全科",
        "service": "outpatient",
        "room": "一楼",
        "weekday": 5,
        "begins": "14:00",
        "ends": "15:00",
        "capacity": 5,
        "starts_on": _day(1),
    }


def _house(world: World) -> Any:
    return {"institution_id": str(world.facts["house"])}


def _drafts(world: World) -> Any:
    return {"roster_ids": [str(world.facts["draft"])]}


def _posting(world: World) -> Any:
    plan = _plan(world)
    whole = {name: plan.pop(name) for name in ("expert_id", "starts_on")}
    return {**whole, "ends_on": _day(40), "title": "驻点", "shifts": [plan]}


def _consent(_world: World) -> Any:
    text = identity.consent_text(identity.Purpose.HEALTH_DATA)
    return {"purpose": "health_data", "version": text.version}


def _wish(world: World) -> Any:
    return {
        "drugs": [world.facts["drug"]],
        "days": 28,
        "institution_id": str(world.facts["house"]),
    }


def _seen(world: World, **given: Any) -> Any:
    """She stands at a desk with her card."""
    card = {"kind": "resident_card", "number": world.facts["id_number"]}
    return {"name": world.facts["name"], "document": card, "original_seen": True, **given}


def _other_session(world: World) -> dict[str, str]:
    return {"session_id": str(world.facts["other_session"])}


def _full_session(world: World) -> dict[str, str]:
    return {"session_id": str(world.facts["full_session"])}


def _passport(number: str) -> dict[str, str]:
    return {"kind": "passport", "number": number, "country": "GBR"}


def _newcomer(world: World) -> Any:
    text = identity.consent_text(identity.Purpose.HEALTH_DATA)
    born = {"birth_date": "1946-05-01", "sex": "female", "agreed_version": text.version}
    return _seen(world, name="林新来", document=_passport("AB12345"), **born)


def _leave(world: World) -> Any:
    return {"deputy_id": str(world.facts["colleague"]), "first_on": _day(3), "last_on": _day(5)}


def _post(world: World) -> Any:
    return {**_ROLE, "name": "新护士", "institution_id": str(world.facts["house"])}


def _belonging(world: World) -> Any:
    return {"party_id": str(world.facts["house"]), "belonging": "institution"}


_ROLE = {"role": "public_health", "title": "公卫医师"}
_PASSWORD = {"login": "made.up", "password": "Camphor-tree 41"}
_NOW = {"at": None}


def _code(world: World) -> Any:
    """What the doctor's app shows now."""
    return {"code": codes.code_at(world.facts["totp"], codes.step_of(time.time()))}


def _terms(_world: World) -> Any:
    return {"kinship": "daughter", "scopes": ["book"], "ends_on": _day(90)}


def _desk(world: World) -> Any:
    return {"person": world.facts["herself"], "family_member": world.facts["daughter"]}


def _papers(world: World) -> Any:
    papers = {"proof": "birth_certificate", "proof_number": "T330000001", "kinship": "mother"}
    return _desk(world) | papers | {"person": world.facts["child"]}


def _present(world: World) -> Any:
    return {"person": world.facts["herself"]}


BODIES: Mapping[str, Body] = {
    "POST /open/staff-invitations/acceptance": lambda _: {"invitation": "none", "code": "made-up"},
    "POST /open/staff-web-sessions": lambda world: (
        {"login": "yi.sheng", "password": PASSWORD} | _code(world)
    ),
    "POST /staff/me/absences": _leave,
    "PUT /staff/me/web-access": lambda _: _PASSWORD,
    "POST /staff/me/second-factor/confirmation": _code,
    "POST /staff/me/step-up": _code,
    "POST /manager/staff-invitations": _post,
    "POST /manager/staff/{staff_id}/role": lambda _: _ROLE,
    "POST /manager/staff/{staff_id}/memberships": _belonging,
    "POST /manager/staff/{staff_id}/memberships/{membership_id}/end": lambda _: _NOW,
    "POST /manager/staff/{staff_id}/absences": _leave,
    "POST /manager/staff/{staff_id}/departure": lambda _: _NOW,
    "POST /manager/staff/{staff_id}/handover": lambda world: {"to": str(world.facts["colleague"])},
    "POST /staff/desk/verifications": _newcomer,
    "POST /staff/desk/documents": lambda world: _seen(world, further=_passport("AB99999")),
    "POST /staff/desk/lost-phones": _seen,
    "POST /staff/desk/texts/search": _seen,
    "POST /staff/desk/texts/restoration": _seen,
    "POST /staff/desk/bookings": lambda world: _seen(world, **_other_session(world)),
    "POST /staff/desk/bookings/search": _seen,
    "POST /staff/desk/bookings/{booking_id}/cancellation": _seen,
    "POST /doctor/clinics/proposals": lambda world: (
        _other_session(world) | {"resident_id": str(world.facts["resident_id"])}
    ),
    "POST /open/resident-sessions": lambda _: {"code": "made-up"},
    "POST /open/staff-sessions": lambda _: {"code": "made-up"},
    "POST /open/sessions/refresh": lambda world: {"refresh_token": world.facts["refresh_token"]},
    "POST /resident/bookings": _other_session,
    "POST /resident/waiting": _full_session,
    "POST /doctor/residents/{resident_id}/waiting": _full_session,
    "POST /doctor/waiting/{waiting_id}/urgency": lambda _: {
        "urgency": "soon",
        "reason": "近期加重",
    },
    "POST /staff/desk/waiting": lambda world: {"person": _seen(world), **_full_session(world)},
    "POST /staff/desk/waiting/{waiting_id}/leave": _seen,
    "PUT /resident/me/reminders": lambda _: {"wants_digest": True, "muted": []},
    "POST /resident/messages/{message_id}/answer": lambda _: {"answer": "confirmed"},
    "POST /staff/calls/{call_id}/outcome": lambda _: {"outcome": "no_answer"},
    "POST /staff/clinics/calls/{waiting_id}/outcome": lambda _: {"outcome": "not_reached"},
    "POST /resident/bookings/{booking_id}/move": _other_session,
    "POST /resident/draw-entries": lambda world: {"session_id": str(world.facts["other_draw"])},
    "POST /resident/bookings/{lost_id}/alternatives/choice": _other_session,
    "POST /staff/clinics/displaced/{displacement_id}/choice": _other_session,
    "POST /manager/clinics/closures": lambda world: {
        "expert_id": str(world.facts["expert"]),
        "from": "2026-11-23",
        "to": "2026-11-24",
        "reason": "外出会诊",
    },
    "POST /manager/clinics/sessions/{session_id}/move": lambda _: {
        "starts_at": "2026-12-01T09:00:00+08:00",
        "reason": "外出会诊",
    },
    "POST /manager/clinics/sessions/{session_id}/capacity": lambda _: {"capacity": 21},
    "POST /doctor/suggestion-lists/{list_id}/approval": lambda _: {},
    "POST /resident/suggestions/refusals": lambda _: {"specialty": "骨科"},
    "POST /resident/suggestions/refusals/withdrawal": lambda _: {},
    "POST /resident/contracts": lambda world: {
        "team_id": str(world.facts["team_id"]),
        "months": 12,
    },
    "POST /resident/contracts/{contract_id}/confirmation": lambda world: world.facts["agreement"],
    "POST /resident/contracts/{contract_id}/termination": lambda _: {"reason": "moved"},
    "POST /resident/follow-ups/{followup_id}/answer": lambda _: {"systolic": 132, "diastolic": 80},
    "POST /resident/me/consents/refusals": _consent,
    "POST /resident/me/consents/{purpose}/withdrawal": lambda _: {"digest": "0" * 64},
    "POST /resident/me/deletion": lambda _: {"digest": "0" * 64},
    "POST /resident/me/corrections": lambda world: {
        "subject": "phone",
        "wanted": "13805729999",
        "because": "换号了",
        "institution_id": str(world.facts["house"]),
    },
    "POST /staff/corrections/{correction_id}/acceptance": lambda _: {},
    "POST /staff/corrections/{correction_id}/refusal": lambda _: {"answer": "与登记一致"},
    "POST /doctor/residents/{resident_id}/death": lambda _: {
        "died_on": _day(0),
        "proof": "家属出示死亡证明",
    },
    "POST /manager/deaths/{report_id}/undoing": lambda _: {"because": "登错了人"},
    "PUT /resident/me/phone": lambda _: {"code": "made-up"},
    "POST /resident/me/consents": _consent,
    "POST /resident/me/verification": lambda _: {"name": "王小", "id_number": "x"},
    "PUT /resident/me/texts": lambda _: {"is_wanted": False},
    "PUT /resident/me/sensitive-categories": lambda _: {"category": "mental", "is_hidden": True},
    "POST /resident/me/people": lambda world: {"code": world.facts["invitation"]},
    "POST /resident/me/people/requests": lambda world: (
        _terms(world) | {"name": "王小芳", "phone": "13900000000"}
    ),
    "POST /resident/me/proxies/invitations": lambda world: _terms(world) | {"name": "王小芳"},
    "PUT /resident/me/proxies/{mandate_id}/scopes": lambda _: {"scopes": ["book"]},
    "POST /staff/desk/guardians": _papers,
    "POST /staff/desk/proxies": lambda world: _terms(world) | _desk(world),
    "POST /staff/desk/proxies/search": _present,
    "POST /staff/desk/proxies/{mandate_id}/revocation": _present,
    "POST /resident/prescription-requests": _wish,
    "POST /resident/prescriptions/{prescription_id}/confirmation": lambda world: {
        "digest": world.facts["digest"]
    },
    "POST /open/sms/{secret}/receipts": lambda _: [],
    "POST /open/sms/{secret}/replies": lambda _: [],
    "POST /open/wechat/events": lambda _: {"ToUserName": "gh_1", "Encrypt": PUSHED},
    "POST /resident/subscriptions": _popup,
    "POST /doctor/subscriptions": _popup,
    "POST /doctor/contracts/{contract_id}/refusal": lambda _: {"because": "本队已满"},
    "POST /doctor/follow-ups/{followup_id}/attempt": lambda _: {"obstacle": "refused", "way": 3},
    "POST /doctor/follow-ups/{followup_id}/result": lambda _: {
        "way": 1,
        "systolic": 136,
        "diastolic": 84,
    },
    "POST /doctor/residents/{resident_id}/enrolments": lambda _: {"diagnosed_on": "2020-05-06"},
    "POST /doctor/prescriptions/{prescription_id}/issue": _draft,
    "POST /doctor/prescriptions/{prescription_id}/refusal": _reason,
    "POST /doctor/prescriptions/{prescription_id}/return": _reason,
    "POST /doctor/prescriptions/{prescription_id}/review": lambda _: {},
    "POST /doctor/prescriptions/{prescription_id}/termination": lambda _: {"reason": "other"},
    "POST /doctor/prescriptions/{prescription_id}/dispensing": lambda _: {
        "collector": {"kind": "self"}
    },
    "POST /doctor/emergency-access": lambda world: {
        "resident_id": str(world.facts["resident_id"]),
        "kind": "unconscious",
        "reason": "病人昏迷送来，需要了解既往用药情况",
    },
    "POST /manager/emergency-accesses/{access_id}/review": lambda _: {
        "verdict": "justified",
        "note": "情况属实",
    },
    "POST /resident/check-ins": lambda world: {"code": world.facts["door"]},
    "POST /resident/strikes/{strike_id}/appeal": lambda _: {"because": "那天病了"},
    "POST /staff/clinics/sessions/{session_id}/calls": lambda _: {},
    "POST /staff/desk/check-ins": lambda world: world.facts["herself"],
    "POST /staff/desk/card-check-ins": lambda world: {"card": world.facts["card"]},
    "POST /staff/desk/cards": _seen,
    "POST /staff/desk/cards/revocation": _seen,
    "POST /staff/desk/cards/printing": lambda world: {"card": world.facts["card"], "form": "svg"},
    "POST /staff/strikes/{strike_id}/decision": lambda _: {"is_lifted": True, "answer": "好的"},
    "POST /manager/clinics/rosters": _plan,
    "POST /manager/clinics/rosters/{roster_id}/revision": lambda world: (
        _plan(world) | {"institution_id": str(world.facts["house"])}
    ),
    "POST /manager/clinics/rosters/{roster_id}/exceptions": lambda _: {
        "day": _day(9),
        "is_held": False,
        "reason": "外出会议",
    },
    "POST /manager/clinics/rosters/conflicts": _drafts,
    "POST /manager/clinics/rosters/publication": _drafts,
    "POST /manager/clinics/rosters/postings": _posting,
    "POST /manager/clinics/calendars": _house,
    "POST /manager/clinics/calendars/end": _house,
    "POST /manager/clinics/roster-sheets": lambda _: {
        "title": "排班",
        "file": base64.b64encode(roster_sheets.written([])).decode(),
    },
    "POST /manager/holidays": lambda _: {"day": _day(20), "works": False, "name": "调休"},
    "POST /manager/trials": lambda _: {
        "kind": "visit_near",
        "question": "哪种更好？",
        "wordings": ["来不了请先取消"],
        "people": 800,
        "ends_on": _day(30),
    },
    "POST /manager/trials/{trial_id}/approval": lambda _: {"reference": "伦审示例"},
    "POST /manager/holidays/removal": lambda world: {"day": world.facts["holiday"].isoformat()},
    "POST /manager/clinics/rosters/{roster_id}/end": lambda _: {"ends_on": _day(30)},
    "POST /manager/clinics/sessions/{session_id}/cancellation": _reason,
}
