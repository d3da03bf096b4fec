"""Backups of the database: taken while people are served, verified, restored behind the fence."""
