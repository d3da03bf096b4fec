"""Starts and stops real servers: PostgreSQL, Valkey, the API and the jobs."""
