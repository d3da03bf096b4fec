"""`python -m tools.launch.load_region RESIDENTS`: put the demo region into an empty database."""

import importlib
import os
import sys

from config.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_env(os.environ)
    importlib.import_module("tools.demo_region").load(settings, residents=int(sys.argv[1]))
