"""`python -m tools.launch.load_region`: put the demo region into an empty database."""

import importlib
import os

from config.settings import Settings

if __name__ == "__main__":
    importlib.import_module("tools.demo_region").load(Settings.from_env(os.environ))
