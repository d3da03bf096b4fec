"""Codes that are given once: of invitations, of recovery, and time-based ones (TOTP, RFC 6238)."""

import hmac
import io
import re
import secrets

import pyotp
import segno

from backend.kernel.crypto import keyring

ISSUER = "家医"
DIGITS = 6
STEP_S = 30
WINDOW = 1  # steps before and after, for clocks that differ
LINK_BYTES = 32
RECOVERY_CODES = 10
# Crockford's letters: none is taken for another one.
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("OIL", "011")
_SHORT = 12  # 60 bits: whoever guesses is slowed down by the limits on open routes


def link_code() -> str:
    """For a link: 256 bits."""
    return secrets.token_urlsafe(LINK_BYTES)


def short_code() -> str:
    """For reading aloud and typing: 60 bits as `XXXX-XXXX-XXXX`."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_SHORT))
    return "-".join(letters[at : at + 4] for at in range(0, _SHORT, 4))


def digest(code: str, purpose: str) -> bytes:
    """What is kept of a code: keyed, so that a copy of the database does not help to guess it."""
    return keyring().index(_normal(code), purpose)


def _normal(code: str) -> str:
    """A short code as it was given, however it was typed; a link's code as it is."""
    typed = re.sub(r"[\s-]", "", code).upper().translate(_READ_AS)
    return typed if len(typed) == _SHORT and set(typed) <= set(_LETTERS) else code.strip()


def new_secret() -> str:
    """A TOTP secret of 160 bits, in base32."""
    return pyotp.random_base32(32)


def step_of(seconds: float) -> int:
    """The number of the time step (30 s) of a Unix time."""
    return int(seconds) // STEP_S


def code_at(secret: str, step: int, digits: int = DIGITS) -> str:
    """The code of one time step."""
    return pyotp.TOTP(secret, digits=digits).generate_otp(step)


def matching_step(secret: str, code: str, seconds: float, after: int | None = None) -> int | None:
    """The step whose code this is, within the window and later than `after`; else `None`."""
    now = step_of(seconds)
    steps = range(now - WINDOW, now + WINDOW + 1)
    given = re.sub(r"\s", "", code).encode()
    found = [step for step in steps if hmac.compare_digest(code_at(secret, step).encode(), given)]
    return next((step for step in found if after is None or step > after), None)


def uri(secret: str, login: str) -> str:
    """What an authenticator app reads (otpauth)."""
    app = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_S)
    return app.provisioning_uri(name=login, issuer_name=ISSUER)


def svg(text: str) -> str:
    """A QR code as SVG."""
    drawn = io.BytesIO()
    segno.make_qr(text, error="m").save(drawn, kind="svg", scale=4, xmldecl=False)
    return drawn.getvalue().decode()
