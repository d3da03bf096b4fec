"""Delivers one message to one person; knows no other feature."""
