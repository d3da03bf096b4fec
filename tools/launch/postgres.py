"""A PostgreSQL of our own as a foreground child: no daemon, no installation, no fixed port."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg
from psycopg import sql

from tools.launch.placement import find_home
from tools.launch.process import Child, LaunchError, finish
from tools.launch.state import State

ROLES = {"admin": "postgres", "migrator": "jiayi_migrator", "app": "jiayi_app"}
CALM = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "log_error_verbosity": "terse",  # its details are whole rows
    "log_timezone": "UTC",
    "timezone": "UTC",
}
CARELESS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}


class Urls(NamedTuple):
    """How each role reaches the database."""

    admin: str
    migrator: str
    app: str


class Postgres:
    """One cluster in one state folder."""

    def __init__(self, state: State, settings: Mapping[str, str] = CALM) -> None:
        self.state = state
        self.settings = CALM | dict(settings)
        self.home = find_home(state)
        self.port = 0
        self.child: Child | None = None

    @property
    def has_data(self) -> bool:
        """Whether an earlier start made the cluster."""
        return (self.home.data / "PG_VERSION").exists()

    def start(self, seconds: float = 60) -> None:
        """Make the cluster when there is none, and serve it; afterwards it answers."""
        if not self.has_data:
            self._make_cluster()
        end_leftover(self.home.data)
        self.port = self.port or self.state.port("postgres")
        self.child = self._server()
        self.child.start()
        self.child.await_ready(self._answers, seconds)

    def stop(self) -> None:
        """Stop after a checkpoint."""
        if self.child:
            self.child.stop(30)

    def url(self, role: str = "admin", database: str = "postgres") -> str:
        """Address of a database for a role."""
        password, user = quote(self.state.secrets[f"{role}_password"]), ROLES[role]
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def ensure_roles_and_database(self) -> Urls:
        """Have `jiayi`, owned by the migrator, and both roles with the passwords of this state."""
        with psycopg.connect(self.url(), autocommit=True) as link:
            ensure_role(link, "jiayi_app", "LOGIN", self.state.secrets["app_password"])
            ensure_role(
                link, "jiayi_migrator", "LOGIN CREATEROLE", self.state.secrets["migrator_password"]
            )
            link.execute("GRANT jiayi_app TO jiayi_migrator WITH ADMIN OPTION")
            if not link.execute("SELECT 1 FROM pg_database WHERE datname = 'jiayi'").fetchone():
                link.execute("CREATE DATABASE jiayi OWNER jiayi_migrator")
        return Urls(
            admin=self.url(database="jiayi"),
            migrator=self.url("migrator", "jiayi"),
            app=self.url("app", "jiayi"),
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=5).close()
        except psycopg.OperationalError as refusal:
            if "password authentication failed" in str(refusal):
                raise LaunchError(
                    f"{self.state.folder}/secrets.json does not fit the data: start with --fresh."
                ) from refusal
            return False
        return True

    def _program(self, name: str, *arguments: str, log: str) -> Child:
        return Child(
            name=log,
            command=[str(self.home.binaries / name), *arguments],
            log=self.state.log(log),
            environment={"LC_ALL": "C", "PATH": os.defpath, "TZ": "UTC"},
            folder=self.home.folder,
            user=self.home.user,
            stop_signal=signal.SIGINT,
            death_signal=signal.SIGINT,
        )

    def _server(self) -> Child:
        settings = self.settings | {"port": str(self.port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return self._program("postgres", "-D", str(self.home.data), *options, log="postgres")

    def _make_cluster(self) -> None:
        """Made beside its place and moved there whole: an interrupted attempt leaves nothing."""
        new, password = self.home.folder / "data.new", self.home.folder / "password"
        shutil.rmtree(new, ignore_errors=True)
        shutil.rmtree(self.home.data, ignore_errors=True)
        make_private(new, self.home.user)
        write_private(password, self.state.secrets["admin_password"], self.home.user)
        choices = ["--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync"]
        names = ["--username=postgres", f"--pwfile={password}"]
        try:
            finish(self._program("initdb", "-D", str(new), *choices, *names, log="initdb"), 120)
        finally:
            password.unlink()
        new.rename(self.home.data)


def ensure_role(link: psycopg.Connection, name: str, rights: str, password: str) -> None:
    """Have a role with these rights and this password."""
    known = link.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    link.execute(
        sql.SQL("{} ROLE {} {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(name),
            sql.SQL(rights),
            sql.Literal(password),
        )
    )


def make_private(folder: Path, user: int | None) -> None:
    """A new folder that only the server's user can enter."""
    folder.mkdir(mode=0o700)
    if user is not None:
        os.chown(folder, user, user)


def write_private(path: Path, text: str, user: int | None) -> None:
    """A file that only the server's user can read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)
    if user is not None:
        os.chown(path, user, user)


def end_leftover(data: Path) -> None:
    """Stop a server that outlived its supervisor, or drop a lock file whose number is another's.

    PostgreSQL clears the lock itself when nobody has that number any more.
    """
    lock = data / "postmaster.pid"
    if not lock.exists():
        return
    words = lock.read_text().split()  # none in a file whose writer was killed
    pid = int(words[0]) if words else 0
    if not serves(pid, data):
        lock.unlink(missing_ok=True)
        return
    os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + 30
    while serves(pid, data):
        if time.monotonic() > deadline:
            raise LaunchError(f"A server from an earlier start (process {pid}) does not end.")
        time.sleep(0.05)


def serves(pid: int, data: Path) -> bool:
    """Whether this process is a server working in that cluster."""
    if Path("/proc/self").exists():
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/cwd").resolve() == data.resolve()
        return False
    listed = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return str(data) in listed.stdout
