"""What follows from the SMS provider's answer to a text: every code has its action.

Codes as the provider's error list and its SDK (3.1.153) have them; which of them leave in doubt
whether the text went out is our reading of their descriptions.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from backend.messaging.answers import BUSY_PAUSES_S, UNREADABLE, Outcome, until_midnight_s
from backend.messaging.models import Reason, State

SENT = "Ok"
LONGEST_CODE = 120
HALT_S = 600.0


class Then(StrEnum):
    """What is done about a code."""

    GIVE_UP = "give_up"
    IN_DOUBT = "in_doubt"
    RETRY = "retry"
    TOMORROW = "tomorrow"
    HALT = "halt"
    HALT_TODAY = "halt_today"


Action = tuple[Then, Reason, float]


def _all(then: Then, reason: Reason, *codes: str, pause_s: float = 0.0) -> dict[str, Action]:
    return dict.fromkeys(codes, (then, reason, pause_s))


ACTIONS: Mapping[str, Action] = MappingProxyType({
    **_all(
        Then.GIVE_UP, Reason.BAD_RECIPIENT,
        "InvalidParameterValue.IncorrectPhoneNumber",
        "FailedOperation.PhoneNumberParseFail",
        "MissingParameter.EmptyPhoneNumberSet",
        "UnsupportedOperation.UnsupportedRegion",
        "UnsupportedOperation.ContainDomesticAndInternationalPhoneNumber",
        "UnsupportedOperation.ChineseMainlandTemplateToGlobalPhone",
        "UnsupportedOperation.GlobalTemplateToChineseMainlandPhone",
    ),
    **_all(Then.GIVE_UP, Reason.STOPPED, "FailedOperation.PhoneNumberInBlacklist"),
    **_all(
        Then.GIVE_UP, Reason.BAD_TEMPLATE,
        "FailedOperation.SignatureIncorrectOrUnapproved",
        "FailedOperation.TemplateIncorrectOrUnapproved",
        "FailedOperation.TemplateUnapprovedOrNotExist",
        "FailedOperation.TemplateIdNotExist",
        "FailedOperation.TemplateParamSetNotMatchApprovedTemplate",
        "FailedOperation.MissingSignature",
        "FailedOperation.MissingSignatureList",
        "FailedOperation.MissingTemplateList",
    ),
    **_all(
        Then.GIVE_UP, Reason.BAD_CONTENT,
        "InvalidParameterValue.ContentLengthLimit",
        "InvalidParameterValue.TemplateParameterFormatError",
        "InvalidParameterValue.TemplateParameterLengthLimit",
        "InvalidParameterValue.UnsupportedTemplateVariable",
        "InvalidParameterValue.ProhibitedUseUrlInTemplateParameter",
        "InvalidParameterValue.MarketingTemplateWithoutUnsubscribe",
        "FailedOperation.MarketingSendTimeConstraint",
    ),
    **_all(
        Then.GIVE_UP, Reason.BLOCKED_CONTENT,
        "FailedOperation.ContainSensitiveWord",
        "InvalidParameter.DirtyWordFound",
        "InvalidParameterValue.TemplateWithDirtyWords",
    ),
    **_all(
        Then.GIVE_UP, Reason.DEFECT,
        "FailedOperation.FailResolvePacket",
        "FailedOperation.JsonParseFail",
        "FailedOperation.OtherError",
        "FailedOperation.ParametersOtherError",
        "InternalError.JsonParseFail",
        "InternalError.RestApiInterfaceNotExist",
        "InvalidParameter",
        "InvalidParameter.InvalidParameters",
        "InvalidParameterValue",
        "LimitExceeded.PhoneNumberCountLimit",
        "MissingParameter",
        "UnknownParameter",
        "UnsupportedOperation",
        "UnsupportedProtocol",
        "InvalidAction",
        "InvalidRequest",
        "NoSuchVersion",
        "NoSuchProduct",
        "ActionOffline",
    ),
    **_all(
        Then.RETRY, Reason.RATE,
        "RequestLimitExceeded",
        "RequestLimitExceeded.IPLimitExceeded",
        "RequestLimitExceeded.UinLimitExceeded",
        "RequestLimitExceeded.GlobalRegionUinLimitExceeded",
        pause_s=2.0,
    ),
    **_all(
        Then.RETRY, Reason.RATE,
        "LimitExceeded.PhoneNumberThirtySecondLimit",
        "LimitExceeded.DeliveryFrequencyLimit",
        pause_s=35.0,
    ),
    **_all(Then.RETRY, Reason.RATE, "LimitExceeded.PhoneNumberOneHourLimit", pause_s=3600.0),
    **_all(Then.RETRY, Reason.BUSY, "ResourceUnavailable", "ResourceInsufficient", pause_s=30.0),
    **_all(
        Then.TOMORROW, Reason.PHONE_LIMIT,
        "LimitExceeded.PhoneNumberDailyLimit",
        "LimitExceeded.PhoneNumberSameContentDailyLimit",
    ),
    **_all(
        Then.HALT_TODAY, Reason.QUOTA,
        "LimitExceeded",
        "LimitExceeded.AppDailyLimit",
        "LimitExceeded.AppMainlandChinaDailyLimit",
        "LimitExceeded.DailyLimit",
    ),
    **_all(
        Then.HALT, Reason.BAD_TOKEN,
        "AuthFailure",
        "AuthFailure.SignatureExpire",
        "AuthFailure.SignatureFailure",
        "AuthFailure.SecretIdNotFound",
        "AuthFailure.InvalidSecretId",
        "AuthFailure.InvalidAuthorization",
        "AuthFailure.TokenFailure",
        "AuthFailure.MFAFailure",
        "AuthFailure.UnauthorizedOperation",
        "InternalError.RequestTimeException",
        "InternalError.SigFieldMissing",
        "InternalError.SigVerificationFail",
    ),
    **_all(
        Then.HALT, Reason.SUSPENDED,
        "FailedOperation.InsufficientBalanceInSmsPackage",
        "FailedOperation.NotEnterpriseCertification",
        "InvalidParameter.AppidAndBizId",
        "InvalidParameterValue.SdkAppIdNotExist",
        "IpInBlacklist",
        "IpNotInWhitelist",
        "UnauthorizedOperation",
        "UnauthorizedOperation.IndividualUserMarketingSmsPermissionDeny",
        "UnauthorizedOperation.RequestIpNotInWhitelist",
        "UnauthorizedOperation.RequestPermissionDeny",
        "UnauthorizedOperation.SdkAppIdIsDisabled",
        "UnauthorizedOperation.ServiceSuspendDueToArrears",
        "UnauthorizedOperation.SmsSdkAppIdVerifyFail",
    ),
    **_all(
        Then.IN_DOUBT, Reason.NO_ANSWER,
        "InternalError",
        "InternalError.OtherError",
        "InternalError.ParseBackendResponseFail",
        "InternalError.SendAndRecvFail",
        "InternalError.Timeout",
        "InternalError.UnknownError",
    ),
})  # fmt: skip


def judge_sms(
    answer: Mapping[str, Any] | None, tried: int, wall: datetime, *, can_wait: bool = True
) -> Outcome:
    """The outcome at real instant `wall`; what cannot be read leaves in doubt whether it went.

    What cannot wait for tomorrow fails today, so that whatever follows a text follows now.
    """
    code, name = _code_and_name(answer)
    if code is None:
        return UNREADABLE
    if code == SENT:
        return Outcome(State.SENT, counted=True, rid=name, code=code)
    then, reason, pause_s = ACTIONS.get(code, (Then.GIVE_UP, Reason.UNEXPECTED_CODE, 0.0))
    told = Outcome(State.FAILED, reason, counted=True, code=code, rid=name)
    if then is Then.IN_DOUBT:
        return replace(told, state=State.UNKNOWN)
    is_busy = reason is Reason.BUSY
    is_too_late = then is Then.TOMORROW and not can_wait
    if then is Then.GIVE_UP or is_too_late or (is_busy and tried >= len(BUSY_PAUSES_S)):
        return told
    pause_s, halt_s = _waits(then, pause_s, wall)
    return replace(told, state=State.QUEUED, pause_s=pause_s, halt_s=halt_s, counted=is_busy)


def _waits(then: Then, pause_s: float, wall: datetime) -> tuple[float, float]:
    """How long this text waits, and how long all of them."""
    if then is Then.HALT:
        return HALT_S, HALT_S
    if then is Then.RETRY:
        return pause_s, 0.0
    rest = until_midnight_s(wall)
    return rest, rest if then is Then.HALT_TODAY else 0.0


def _code_and_name(answer: Mapping[str, Any] | None) -> tuple[str | None, str | None]:
    """The code of the one text (or of the whole call), and the provider's own name for it."""
    response = answer.get("Response") if answer else None
    if not isinstance(response, Mapping):
        return None, None
    error, texts = response.get("Error"), response.get("SendStatusSet")
    if isinstance(error, Mapping):
        return _word(error.get("Code")), _word(response.get("RequestId"))
    if not (isinstance(texts, list) and len(texts) == 1 and isinstance(texts[0], Mapping)):
        return None, None
    code = _word(texts[0].get("Code"))
    name = texts[0].get("SerialNo") if code == SENT else response.get("RequestId")
    return code, _word(name)


def _word(value: Any) -> str | None:
    """A short printable word that a column can keep."""
    if not isinstance(value, str) or not value.isascii() or not value.isprintable():
        return None
    return value if 0 < len(value) <= LONGEST_CODE else None
