"""The main job, played over HTTP as its people would, each claim checked."""
