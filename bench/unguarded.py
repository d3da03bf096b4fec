"""The product without the scope of its queries and without its record of disclosures.

`python -m bench.unguarded` serves it as `manage.py api` serves the product, to be measured beside
it; it recognises the caller and shows everything.
"""

import os
import sys
from uuid import UUID

from flask import Flask

from backend.followups import policy as of_followups
from backend.identity import policy as of_residents
from backend.kernel.process import die_with_parent
from backend.kernel.ties import Sight, Tie, everything
from config.settings import Settings
from miniapp_api import shown
from miniapp_api.application import create_app as whole
from tools import serve


def create_app() -> Flask:
    """Everything, unguarded."""
    no_scope = Sight(rows={Tie.ANYONE: everything})
    of_followups.visible_to = no_scope
    of_followups.readings_visible_to = no_scope
    of_residents.visible_to = no_scope
    shown.disclose = nothing
    return whole(Settings.from_env(os.environ))


def nothing(*_told: object, **_more: object) -> list[UUID]:
    """No record."""
    return []


if __name__ == "__main__":
    sys.exit(serve.become("granian", [*serve.granian(), "bench.unguarded:app"]))

if "DATABASE_URL" in os.environ:
    die_with_parent()
    app = create_app()
