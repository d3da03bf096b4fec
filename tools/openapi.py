"""`manage.py openapi`: the contract of the HTTP API, without a database."""

import base64
import json
from collections.abc import Sequence

from config.settings import Settings
from miniapp_api.application import create_app

UNUSED = base64.b64encode(bytes(32)).decode()
SETTINGS = {
    "ENV": "development",
    "DATABASE_URL": "postgresql://127.0.0.1:9/none",
    "JWT_KEYS": f"none:{UNUSED}",
    "FIELD_KEYS": f"none:{UNUSED}",
    "INDEX_KEY": UNUSED,
    "WECHAT_APPID": "none",
    "WECHAT_SECRET": "none",
    "REALNAME_BASE_URL": "http://127.0.0.1:9",
    "REALNAME_KEY": "none",
    "LOG_LEVEL": "CRITICAL",
}


def main(_arguments: Sequence[str]) -> int:
    """Print it."""
    answer = create_app(Settings.from_env(SETTINGS)).test_client().get("/openapi.json")
    print(json.dumps(answer.json, ensure_ascii=False, indent=2, sort_keys=True))
    return 0
