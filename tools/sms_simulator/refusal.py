"""How the provider says no: HTTP 200 and an error, for the call or for one number."""

TEXTS = {
    "AuthFailure.InvalidAuthorization": "The Authorization header is not valid.",
    "AuthFailure.SecretIdNotFound": "The SecretId is not found.",
    "AuthFailure.SignatureExpire": "The signature has expired; check the local time.",
    "AuthFailure.SignatureFailure": "The provided credentials could not be validated.",
    "FailedOperation.PhoneNumberInBlacklist": "the number is on the do-not-disturb list",
    "LimitExceeded.PhoneNumberDailyLimit": "the daily limit of the number is reached",
}


class Refused(Exception):
    """A call, or one number of it, answered with a code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    @property
    def text(self) -> str:
        """Words that nobody should compare."""
        return TEXTS.get(self.code, self.code)
