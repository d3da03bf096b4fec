"""身份 Identity: residents, staff, WeChat accounts, consents, sessions."""

from backend.identity.account_service import accounts, object_to
from backend.identity.attempts import forget_before_today as forget_attempts
from backend.identity.binding import accounts_of
from backend.identity.claims import Claim, Person
from backend.identity.consent_service import consent, refuse, withdraw
from backend.identity.desk_service import (
    Served,
    ShownCode,
    add_document,
    forget_desk_codes,
    forget_desk_misses,
    make_desk_code,
    present,
    report_lost_phone,
    verify_at_desk,
)
from backend.identity.discretion_service import Choice, FamilyAct, discretion, family_acts
from backend.identity.discretion_service import choose as choose_category
from backend.identity.documents import Document, DocumentKind, id_number, kind_of, number_in
from backend.identity.errors import NotYourPerson, PersonClosed, WeChatRefused
from backend.identity.events import AccountAdded, AccountsFreed, ConsentWithdrawn, DeskRequested
from backend.identity.gateway import RealName, RealNameServer, Verdict, WeChat, WeChatServer
from backend.identity.guardianship import GUARDIANSHIP, Guardianship
from backend.identity.models import (
    Account,
    Channel,
    Consent,
    DeskAct,
    Door,
    Ending,
    Level,
    LoginSession,
    Purpose,
    Resident,
    Staff,
)
from backend.identity.policy import DESK
from backend.identity.queries import (
    ConsentText,
    account,
    accounts_by_openid,
    consent_text,
    consent_version,
    consents,
    consents_of,
    has_agreed,
    hold_request,
    is_closed,
    is_in_force,
    is_open,
    last_refusals,
    openid_of_resident,
    openid_of_staff,
    person_called,
    person_claimed,
    person_reached,
    phones_of,
    resident,
    residents,
    residents_called,
    staff,
    staff_called,
    working_at,
)
from backend.identity.recognition import Recognised, authenticate, manages, require_still_allowed
from backend.identity.rules import Malformed, Sex, Title, mobile_number, person_name, rank_of
from backend.identity.service import give_phone, log_in, log_in_staff, wechat
from backend.identity.session_service import LoggedIn, age_of_session, refresh, step_up
from backend.identity.session_service import begin as begin_session
from backend.identity.session_service import end as end_session
from backend.identity.session_service import end_all as end_all_sessions
from backend.identity.session_service import end_others as end_other_sessions
from backend.identity.session_service import forget_ended as forget_sessions
from backend.identity.session_service import listed as sessions
from backend.identity.standing import cause_of as why_closed
from backend.identity.standing import correct, die, fact, pause_reminders, revive
from backend.identity.standing import forget as forget_person
from backend.identity.standing import hold as hold_person
from backend.identity.subject_service import close, erase, export, identity_of
from backend.identity.tokens import Holder
from backend.identity.verification_service import verify
from backend.identity.wechat_account import clear_quota as clear_wechat_quota
from backend.identity.wechat_account import force_token as force_wechat_token
from backend.identity.wechat_account import look_up as look_up_rid
from backend.identity.wechat_account import quota as wechat_quota
from backend.identity.wechat_codes import Action as WeChatAction
from backend.identity.wechat_codes import codes as wechat_refusals
from backend.identity.wechat_codes import refusal as wechat_refusal
from backend.identity.wechat_codes import rid_of as wechat_rid
from backend.identity.wechat_codes import with_action as wechat_codes_with
from backend.identity.wechat_links import code_image, team_scene, url_link
from backend.identity.wechat_links import links as wechat_pages
from backend.identity.wechat_token import refused_with as token_refused_with
from backend.identity.wechat_token import trouble as token_trouble
from backend.identity.witness_service import ToWitness, to_witness, witness

__all__ = [
    "DESK",
    "GUARDIANSHIP",
    "Account",
    "AccountAdded",
    "AccountsFreed",
    "Channel",
    "Choice",
    "Claim",
    "Consent",
    "ConsentText",
    "ConsentWithdrawn",
    "DeskAct",
    "DeskRequested",
    "Document",
    "DocumentKind",
    "Door",
    "Ending",
    "FamilyAct",
    "Guardianship",
    "Holder",
    "Level",
    "LoggedIn",
    "LoginSession",
    "Malformed",
    "NotYourPerson",
    "Person",
    "PersonClosed",
    "Purpose",
    "RealName",
    "RealNameServer",
    "Recognised",
    "Resident",
    "Served",
    "Sex",
    "ShownCode",
    "Staff",
    "Title",
    "ToWitness",
    "Verdict",
    "WeChat",
    "WeChatAction",
    "WeChatRefused",
    "WeChatServer",
    "account",
    "accounts",
    "accounts_by_openid",
    "accounts_of",
    "add_document",
    "age_of_session",
    "authenticate",
    "begin_session",
    "choose_category",
    "clear_wechat_quota",
    "close",
    "code_image",
    "consent",
    "consent_text",
    "consent_version",
    "consents",
    "consents_of",
    "correct",
    "die",
    "discretion",
    "end_all_sessions",
    "end_other_sessions",
    "end_session",
    "erase",
    "export",
    "fact",
    "family_acts",
    "force_wechat_token",
    "forget_attempts",
    "forget_desk_codes",
    "forget_desk_misses",
    "forget_person",
    "forget_sessions",
    "give_phone",
    "has_agreed",
    "hold_person",
    "hold_request",
    "id_number",
    "identity_of",
    "is_closed",
    "is_in_force",
    "is_open",
    "kind_of",
    "last_refusals",
    "log_in",
    "log_in_staff",
    "look_up_rid",
    "make_desk_code",
    "manages",
    "mobile_number",
    "number_in",
    "object_to",
    "openid_of_resident",
    "openid_of_staff",
    "pause_reminders",
    "person_called",
    "person_claimed",
    "person_name",
    "person_reached",
    "phones_of",
    "present",
    "rank_of",
    "refresh",
    "refuse",
    "report_lost_phone",
    "require_still_allowed",
    "resident",
    "residents",
    "residents_called",
    "revive",
    "sessions",
    "staff",
    "staff_called",
    "step_up",
    "team_scene",
    "to_witness",
    "token_refused_with",
    "token_trouble",
    "url_link",
    "verify",
    "verify_at_desk",
    "wechat",
    "wechat_codes_with",
    "wechat_pages",
    "wechat_quota",
    "wechat_refusal",
    "wechat_refusals",
    "wechat_rid",
    "why_closed",
    "withdraw",
    "witness",
    "working_at",
]
