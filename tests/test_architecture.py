"""Promises about the code itself; each names what would be lost if it were broken."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from backend import assembly
from backend.kernel.events import reaction_name
from backend.kernel.ties import Entry, Grant
from backend.reactions import REACTIONS
from config.settings import ROOT
from tools.docs import FOLDER, commands, pages

CODE = ["backend", "miniapp_api", "jobs", "config"]
PUBLIC = {"/healthz", "/readyz", "/metrics", "/docs", "/openapi.json", "/demo", "/queue"}
OPEN = ("/api/v1/open/", "/api/v1/demo/", "/docs/", "/demo/", "/queue/")
FORBIDDEN_NAMES = {"utils", "helpers", "common", "manager", "misc"}
MAY_READ_ENVIRONMENT = {
    "config/settings.py",
    "miniapp_api/wsgi.py",
    "miniapp_api/vitals.py",
    "jobs/runner.py",
    "backend/kernel/migrate.py",
}
MAY_READ_CLOCK = {"backend/kernel/clock.py", "jobs/housekeeping.py"}


def sources(*packages: str) -> Iterator[Path]:
    for package in packages:
        yield from sorted((ROOT / package).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def features() -> list[str]:
    return sorted(path.parent.name for path in (ROOT / "backend").glob("*/models.py"))


def test_every_service_function_has_a_policy() -> None:
    found = dict(commands())
    assert len(found) >= 5
    assert [name for name, function in found.items() if not hasattr(function, "policy")] == []


def test_every_feature_is_assembled() -> None:
    assembled = sorted(module.__name__.rpartition(".")[2] for module in assembly.FEATURES)
    assert assembled == features()


def test_one_place_commits() -> None:
    found = [name_of(path) for path in sources(*CODE) if ".commit(" in path.read_text()]
    assert found == ["backend/kernel/transaction.py"]


def test_the_environment_is_read_at_entry_points_only() -> None:
    found = {name_of(path) for path in sources(*CODE) if "os.environ" in path.read_text()}
    assert found <= MAY_READ_ENVIRONMENT


def test_the_clock_is_read_by_the_clock() -> None:
    words = ("datetime.now(", "date.today(", "utcnow(")
    found = {
        name_of(path) for path in sources(*CODE) if any(word in path.read_text() for word in words)
    }
    assert found <= MAY_READ_CLOCK


def test_the_security_page_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    assert len(named) >= 50
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or f"def {name}" not in (ROOT / path).read_text("utf-8")
    ]
    assert gone == []
    code = re.findall(r"`((?:backend|miniapp_api|config)/[\w./]+)`", page)
    assert [path for path in code if not (ROOT / path).exists()] == []


HTTP_CLIENTS = {"httpx2", "aiohttp", "requests", "httpx", "http", "socket", "ftplib", "smtplib"}
MAY_CALL_OUT = {
    "backend/identity/gateway.py",
    "backend/messaging/gateway.py",
    "backend/messaging/sms_gateway.py",
}
BASES = {"wechat_base_url", "realname_base_url", "base_url"}  # the last one of SmsSettings


def imported(path: Path) -> set[str]:
    tree = ast.walk(ast.parse(path.read_text()))
    return {
        alias.name
        for node in tree
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in (
            node.names if isinstance(node, ast.Import) else [ast.alias(node.module or "")]
        )
    }


def test_only_gateways_call_other_servers() -> None:
    found = {
        name_of(path)
        for path in sources(*CODE)
        for name in imported(path)
        if name == "urllib.request" or name.split(".")[0] in HTTP_CLIENTS
    }
    assert found - {"jobs/journal.py"} == MAY_CALL_OUT  # the journal asks for this host's name


def test_gateways_call_the_servers_of_the_settings_and_follow_nobody() -> None:
    """Each client is made for one base of the settings; what is called is a path of the code's."""
    text = "".join((ROOT / name).read_text() for name in sorted(MAY_CALL_OUT))
    assert "follow_redirects" not in text  # httpx2 follows none unless told so
    assert text.count(".post(") == text.count("allow_redirects=False") == 2
    assert text.count("httpx2.Client(base_url=settings.") == text.count("httpx2.Client(") == 2
    told = {
        node.attr
        for path in sources("backend", "miniapp_api", "jobs")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and (node.attr == "base_url" or node.attr.endswith("_base_url"))
    }
    assert told - {"_base_url"} == BASES


def test_no_request_names_an_address_to_be_fetched() -> None:
    """No field of a contract is a URL, under any of the names that such fields have."""
    suspicious = ("url", "uri", "href", "link", "callback", "webhook", "host", "endpoint")
    sent = [
        f"{name_of(path)}: {node.targets[0].id}"
        for path in sources("miniapp_api")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and ast.unparse(node.value).startswith("fields.")
        and (
            any(word in node.targets[0].id.lower().split("_") for word in suspicious)
            or ast.unparse(node.value).lower().startswith("fields.url")
        )
    ]
    assert sent == []


def test_nothing_is_imported_inside_a_function() -> None:
    late = [
        f"{name_of(path)}:{inner.lineno}"
        for path in sources(*CODE, "tools", "bench")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]
    assert late == []


def test_features_are_entered_by_the_front_door() -> None:
    """Outside a feature, its package is imported, never its files."""
    doors = {f"backend.{feature}" for feature in features()}
    side = [
        f"{name_of(path)}: {node.module}"
        for path in sources("backend", "miniapp_api", "jobs")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").rpartition(".")[0] in doors
        and not name_of(path).startswith(".".join(node.module.split(".")[:2]).replace(".", "/"))
    ]
    assert side == []


def test_files_stay_small_and_are_named_for_what_they_hold() -> None:
    long = [
        name_of(path)
        for path in sources(*CODE, "tools", "bench", "tests")
        if len(path.read_text().splitlines()) > 400
    ]
    assert long == []
    assert {path.stem for path in sources("backend", "jobs", "tools")} & FORBIDDEN_NAMES == set()


def test_every_route_needs_a_token_unless_it_is_open(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        path = rule.rule
        if path in PUBLIC or path.startswith(
            ("/api/v1/open/", "/api/v1/demo/", "/docs/", "/demo/", "/queue/")
        ):
            continue
        concrete = app.url_map.bind("").build(
            rule.endpoint, dict.fromkeys(rule.arguments, "0" * 8 + "-0000-7000-8000-" + "0" * 12)
        )
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert client.open(concrete, method=method).status_code == 401, (method, path)


def test_the_contract_lists_every_route_and_no_other(app: Flask) -> None:
    described = {
        (path, method.upper())
        for path, operations in app.extensions["openapi"]["paths"].items()
        for method in operations
        if method != "parameters"
    }
    served = {
        (rule.rule.replace("<uuid:", "{").replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert described == served


def test_every_operation_says_in_chinese_what_it_is(app: Flask) -> None:
    for path, operations in app.extensions["openapi"]["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                summary = operation.get("summary", "")
                assert any("一" <= letter <= "鿿" for letter in summary), (method, path)


def test_no_event_is_listed_twice() -> None:
    """The later line would silence the earlier one."""
    page = (ROOT / "backend" / "reactions.py").read_text("utf-8")
    listed = re.findall(r"^    ([\w.]+\.\w+): ", page, re.MULTILINE)
    assert len(listed) == len(set(listed)) == len(REACTIONS)


def test_every_reaction_has_a_name_of_its_own() -> None:
    for following in REACTIONS.values():
        names = [reaction_name(reaction) for reaction in following]
        assert len(names) == len(set(names))


def test_events_hold_no_names_and_no_readings() -> None:
    secret = {"name", "phone", "id_number", "systolic", "diastolic", "text", "note", "drug_name"}
    from_code = {
        f"{name_of(path)}: {node.target.id}"
        for path in sources("backend")
        if path.stem == "events" and path.parent.name != "kernel"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id in secret
    }
    assert from_code == set()


@pytest.mark.parametrize("path", sorted((ROOT / "migrations/versions").glob("*.py")), ids=str)
def test_migrations_import_nothing_of_the_application(path: Path) -> None:
    imported = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert imported <= {"alembic", "sqlalchemy"}


def test_the_generated_documents_say_what_the_code_says() -> None:
    """`python3 manage.py docs` writes them."""
    for name, page in pages().items():
        assert (FOLDER / name).read_text() == page, name


def test_every_policy_is_data_that_one_function_decides() -> None:
    """A predicate of its own would decide beside `ties.decide`, and no document could read it."""
    found = dict(commands())
    assert [name for name, one in found.items() if not isinstance(one.policy, Entry | Grant)] == []
