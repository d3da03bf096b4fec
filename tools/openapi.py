"""`manage.py openapi`: the contract, without a database or any server."""

import functools
import json
from collections.abc import Sequence
from typing import Any

from config.settings import Settings
from miniapp_api.application import create_app

# Nothing is connected to; the contract depends on none of these.
PLACEHOLDERS = {
    "ENV": "development",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1/none",
    "FIELD_KEYS": "none:" + "A" * 43 + "=",
    "INDEX_KEY": "A" * 43 + "=",
    "WECHAT_APPID": "none",
    "WECHAT_SECRET": "none",
    "REALNAME_BASE_URL": "http://127.0.0.1:9",
    "REALNAME_KEY": "none",
}


def main(_arguments: Sequence[str]) -> int:
    """Print the OpenAPI document as JSON."""
    print(json.dumps(document_without_servers(), ensure_ascii=False, indent=2))
    return 0


@functools.cache
def document_without_servers() -> dict[str, Any]:
    """The document as a deployment serves it."""
    app = create_app(Settings.from_env(PLACEHOLDERS))
    found: dict[str, Any] = app.extensions["openapi"]
    return found
