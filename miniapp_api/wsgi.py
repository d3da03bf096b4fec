"""What the server imports in each worker."""

import os

from backend.kernel import rights
from backend.kernel.process import die_with_parent
from config.settings import Settings
from miniapp_api.application import create_app

die_with_parent()
app = create_app(Settings.from_env(os.environ))
rights.enforce(app)
