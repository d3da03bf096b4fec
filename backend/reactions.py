"""Event → what follows in other features. This page is what the system does by itself."""

from backend.kernel.events import Reactions

REACTIONS: Reactions = {}
