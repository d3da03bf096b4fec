"""What a deployment knows of its SMS provider; without any of it SMS is not offered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

SECRETS = ("SMS_SECRET_ID", "SMS_SECRET_KEY", "SMS_APP_ID", "SMS_SIGN", "SMS_CALLBACK_SECRET")
_SECRET = re.compile(r"[A-Za-z0-9_-]{24,200}")


class IncompleteSms(ValueError):
    """Some of the settings are given and others are not."""


@dataclass(frozen=True, slots=True)
class SmsSettings:
    """Tencent Cloud SMS: the key of its API, the application, the approved signature.

    `callback_secret` is the part of our receipts' and replies' address that nobody can guess.
    """

    base_url: str
    region: str
    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    app_id: str
    sign: str
    callback_secret: str = field(repr=False)

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str], *, is_production: bool = False
    ) -> "SmsSettings | None":
        """All of the settings or none; raises `IncompleteSms` naming what is missing or wrong."""
        given = {name: environ.get(name, "") for name in SECRETS}
        missing = [name for name, value in given.items() if not value]
        if missing == [*SECRETS]:
            return None
        if missing:
            raise IncompleteSms(f"{', '.join(missing)} missing; SMS needs {', '.join(SECRETS)}")
        if not _SECRET.fullmatch(given["SMS_CALLBACK_SECRET"]):
            raise IncompleteSms("SMS_CALLBACK_SECRET needs 24 letters, digits, - or _, or more")
        base_url = environ.get("SMS_BASE_URL") or "https://sms.tencentcloudapi.com"
        if is_production and not base_url.startswith("https://"):
            raise IncompleteSms("SMS_BASE_URL must be https when ENV=production")
        secret_id, secret_key, app_id, sign, callback = given.values()
        return cls(
            base_url,
            environ.get("SMS_REGION") or "ap-guangzhou",
            secret_id,
            secret_key,
            app_id,
            sign,
            callback,
        )
