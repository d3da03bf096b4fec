"""The signature against what the provider publishes and what its own SDK makes."""

from datetime import UTC, datetime

import pytest

from backend.messaging.sms_signing import Signer, authorization

CVM = {"content-type": "application/json; charset=utf-8", "host": "cvm.tencentcloudapi.com"}
UNNAMED = rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}'
SMS = {"content-type": "application/json", "host": "sms.tencentcloudapi.com"}
TEXT = (
    rb'{"PhoneNumberSet": ["+8613900001111"], "SmsSdkAppId": "1400006666", "TemplateId": "1110", '
    rb'"SignName": "\u5609\u533b\u793a\u4f8b", "TemplateParamSet": ["12\u67081\u65e5", "09:00"], '
    rb'"SessionContext": "0192f6a0-0000-7000-8000-000000000001"}'
)


@pytest.mark.parametrize(
    ("key", "service", "headers", "body", "stamp", "signature"),
    [
        # Published: the worked example of the provider's page "Signature v3" (API 3.0).
        (
            "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", "cvm", CVM, UNNAMED, 1551113065,
            "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168",
        ),
        # Its later edition signs the action too; the key it prints is a row of asterisks.
        (
            "*" * 32, "cvm",
            CVM | {"x-tc-action": "DescribeInstances"}, UNNAMED, 1551113065,
            "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f",
        ),
        # Made with tencentcloud-sdk-python-sms 3.1.153 (SmsClient.SendSms), its clock held.
        (
            "ExampleSecretKeyForTests", "sms", SMS, TEXT, 1795400000,
            "c69339525272143f9e8d2e399a3652629116b392424af843e452abbdc7cc4e80",
        ),
    ],
    ids=["published", "published with the action", "its own SDK"],
)  # fmt: skip
def test_the_signature_is_the_provider_s(
    key: str, service: str, headers: dict[str, str], body: bytes, stamp: int, signature: str
) -> None:
    at = datetime.fromtimestamp(stamp, UTC)
    given = authorization(Signer("AKIDEXAMPLE", key, service), headers, body, at)
    day = f"{at:%Y-%m-%d}"
    assert given == (
        f"TC3-HMAC-SHA256 Credential=AKIDEXAMPLE/{day}/{service}/tc3_request, "
        f"SignedHeaders={';'.join(sorted(headers))}, Signature={signature}"
    )


def test_the_day_is_that_of_utc_and_another_moment_another_signature() -> None:
    night = datetime.fromisoformat("2026-11-24T07:59:59+08:00")
    given = authorization(Signer("id", "key", "sms"), SMS, TEXT, night)
    assert "Credential=id/2026-11-23/sms/" in given
    later = authorization(Signer("id", "key", "sms"), SMS, TEXT, night.replace(hour=8))
    assert "Credential=id/2026-11-24/sms/" not in given
    assert later != given
