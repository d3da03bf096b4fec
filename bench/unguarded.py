"""The product without the scope of its queries and without its record of disclosures.

`python -m bench.unguarded` serves it as `manage.py api` serves the product, to be measured beside
it; it recognises the caller and shows everything.
"""

import os
import sys

from flask import Flask
from sqlalchemy import ColumnElement, true

from backend.followups import policy as of_followups
from backend.identity import policy as of_residents
from backend.kernel.context import Context
from backend.kernel.process import die_with_parent
from config.settings import Settings
from miniapp_api import contract
from miniapp_api.application import create_app as whole
from tools import serve


def create_app() -> Flask:
    """Everything, unguarded."""
    of_followups.visible_to = everything
    of_followups.readings_visible_to = everything
    of_residents.visible_to = everything
    contract.disclose = nothing  # type: ignore[attr-defined]
    return whole(Settings.from_env(os.environ))


def everything(_ctx: Context) -> ColumnElement[bool]:
    """No scope."""
    return true()


def nothing(*_told: object) -> None:
    """No record."""


if __name__ == "__main__":
    sys.exit(serve.become("granian", [*serve.granian(), "bench.unguarded:app"]))

if "DATABASE_URL" in os.environ:
    die_with_parent()
    app = create_app()
