"""身份 Identity: residents, staff, WeChat accounts, consents, tokens."""

from backend.identity.gateway import RealName, RealNameServer, Verdict, WeChat, WeChatServer
from backend.identity.models import Account, Consent, Level, Purpose, Resident, Staff
from backend.identity.queries import (
    ConsentText,
    account,
    authenticate,
    consent_text,
    consents,
    openid_of_resident,
    openid_of_staff,
    resident,
    residents,
    staff,
)
from backend.identity.rules import IdNumber, Malformed, Sex, Title, id_number, person_name, rank_of
from backend.identity.service import (
    Session,
    consent,
    give_phone,
    log_in,
    log_in_staff,
    verify,
    wechat,
)

__all__ = [
    "Account",
    "Consent",
    "ConsentText",
    "IdNumber",
    "Level",
    "Malformed",
    "Purpose",
    "RealName",
    "RealNameServer",
    "Resident",
    "Session",
    "Sex",
    "Staff",
    "Title",
    "Verdict",
    "WeChat",
    "WeChatServer",
    "account",
    "authenticate",
    "consent",
    "consent_text",
    "consents",
    "give_phone",
    "id_number",
    "log_in",
    "log_in_staff",
    "openid_of_resident",
    "openid_of_staff",
    "person_name",
    "rank_of",
    "resident",
    "residents",
    "staff",
    "verify",
    "wechat",
]
