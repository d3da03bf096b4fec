"""Residents, staff and how they prove who they are."""
