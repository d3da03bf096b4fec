"""What docs/operations.md promises of logs: kept by age for six months, never cut by size."""

import ast
import io
import re
from contextlib import redirect_stdout

import structlog

from backend.kernel import logs
from config.settings import ROOT

TEXT = (ROOT / "docs" / "operations.md").read_text("utf-8")
SIX_MONTHS = 184


def block(first_line: str) -> str:
    """The sample configuration that begins so."""
    found = re.search(rf"```\w*\n({re.escape(first_line)}.*?)```", TEXT, re.S)
    assert found
    return found[1]


def test_the_journal_keeps_six_months() -> None:
    days = re.search(r"^MaxRetentionSec=(\d+)day$", block("[Journal]"), re.M)
    assert days
    assert int(days[1]) >= SIX_MONTHS
    assert "MaxFileSec" not in block("[Journal]")


def test_logrotate_keeps_six_months_and_never_cuts_by_size() -> None:
    words = block("/var/log/jiayi/*.log {").split()
    assert "daily" in words
    assert int(words[words.index("rotate") + 1]) >= SIX_MONTHS
    assert not {"size", "maxsize", "minsize", "maxage"} & set(words)


def test_our_processes_write_lines_and_rotate_nothing() -> None:
    rotating = [
        path.name
        for folder in ("backend", "miniapp_api", "jobs", "config")
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Name | ast.Attribute)
        and re.search(
            r"RotatingFileHandler|FileHandler$",
            node.id if isinstance(node, ast.Name) else node.attr,
        )
    ]
    assert rotating == []
    before = structlog.get_config()
    try:
        with redirect_stdout(io.StringIO()) as written:
            logs.configure("INFO")
            for number in range(1000):
                structlog.get_logger().info("line", number=number)
        assert len(written.getvalue().splitlines()) == 1000
    finally:
        structlog.configure(**before)


def test_every_alarm_names_a_metric_that_is_there() -> None:
    vitals = (ROOT / "miniapp_api" / "vitals.py").read_text()
    alarms = TEXT.partition("## Alarms")[2].partition("\n## ")[0]
    assert "jiayi_audit_seal_lag_seconds" in alarms
    for name in re.findall(r"`(jiayi_\w+)`", alarms):
        assert name in vitals, name
