"""The migrations and the models say the same; every step can be taken back."""

import re
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from databases import admin_url, own, url
from sqlalchemy import CheckConstraint, Connection, create_engine, text

from backend.kernel import migrate
from backend.kernel.database import Base, driver_url

DEFINITION = text("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name")
# What only SQL knows, and Alembic's own.
NOT_MODELLED = {"business_clock", "alembic_version"}
A_MONTH = re.compile(r"(disclosure|audit_entry)_(\d{6}|rest)")


@pytest.fixture
def schema(own_database: str, worker: str) -> Iterator[Connection]:
    engine = create_engine(driver_url(url(f"jiayi_own_{worker}", "jiayi_migrator")))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_migrations_make_what_the_models_say(schema: Connection) -> None:
    def ours(found: object, name: str | None, kind: str, *_: object) -> bool:
        table = name or ""
        return kind != "table" or not (table in NOT_MODELLED or A_MONTH.fullmatch(table))

    context = MigrationContext.configure(
        schema, opts={"include_object": ours, "compare_type": True}
    )
    assert compare_metadata(context, Base.metadata) == []


def test_every_check_of_the_models_is_in_the_database(schema: Connection) -> None:
    kept = set(
        schema.execute(text("SELECT conname FROM pg_constraint WHERE contype = 'c'")).scalars()
    )
    wanted = {
        str(constraint.name)
        if str(constraint.name).startswith("ck_")
        else f"ck_{table.name}_{constraint.name}"
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint) and constraint.name
    }
    assert wanted - kept == set()


def test_enumerations_of_models_and_database_agree(schema: Connection) -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            members = getattr(column.type, "enums", None)
            if not members or not column.type.create_constraint:
                continue
            name = f"ck_{table.name}_{column.type.name}"
            words = text(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = :name"
            )
            found = str(schema.execute(words, {"name": name}).scalar())
            missing = [member for member in members if f"'{member}'" not in found]
            assert missing == [], (name, missing)


def test_head_names_the_last_migration() -> None:
    scripts = ScriptDirectory.from_config(migrate.alembic_config())
    assert scripts.get_current_head() == migrate.head()
    newest = sorted(migrate.MIGRATIONS.glob("versions/*.py"))[-1].stem
    assert (migrate.MIGRATIONS / "HEAD").read_text().strip() == newest


def test_every_step_can_be_taken_back_and_again(template: str, worker: str) -> None:
    name = f"jiayi_steps_{worker}"
    with own(template, name):
        address = url(name, "jiayi_migrator")
        revisions = [
            script.revision
            for script in ScriptDirectory.from_config(migrate.alembic_config()).walk_revisions()
        ]
        for below in [*revisions[1:], "base"]:
            migrate.downgrade(address, below)
        assert left_over(name) == set()
        migrate.upgrade(address)
        assert left_over(name) != set()


def left_over(name: str) -> set[str]:
    engine = create_engine(driver_url(admin_url(name)))
    words = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    with engine.connect() as connection:
        found = set(connection.execute(words).scalars()) - {"alembic_version"}
    engine.dispose()
    return found
