"""Alembic's entry: one transaction a revision, short locks, no application code."""

from alembic import context
from sqlalchemy import text

LIMITS = ("SET lock_timeout = '5s'", "SET statement_timeout = '10min'")
connection = context.config.attributes.get("connection")

if connection is None:
    context.configure(dialect_name="postgresql", as_sql=True, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    for limit in LIMITS:
        connection.execute(text(limit))
    connection.commit()
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
