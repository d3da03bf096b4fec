"""A whole installation: database, cache, simulators, schema, region, API and jobs."""

import http.client
import os
import sys
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tools.launch import templates, valkey
from tools.launch.postgres import CALM, Postgres, Urls
from tools.launch.process import Child, LaunchError, finish
from tools.launch.service import Program, Service
from tools.launch.state import ROOT, State

NOBODY_THERE = "http://127.0.0.1:9"
APPID = "wx0123456789abcdef"
SMS_ACCOUNT = {"SMS_SECRET_ID": "AKIDDEMO", "SMS_APP_ID": "1400006666", "SMS_SIGN": "家医示例"}
USUAL, SLOWEST_S = 300, 0.005  # residents of the demo region, and how long one may take to load


class Part(StrEnum):
    """What a stack may consist of, in the order of starting."""

    POSTGRES = "postgres"
    VALKEY = "valkey"
    SIMULATOR = "simulator"
    SMS = "sms"
    SCHEMA = "schema"
    REGION = "region"
    API = "api"
    JOBS = "jobs"


class Stack:
    """Real servers on ports of their own, as long as the with-block lasts.

    `given` is the caller's environment: its DATABASE_URL and REDIS_URL are used as they are, and
    its other settings reach the children. `services` may be stopped, killed and started singly.
    """

    def __init__(
        self,
        state: State,
        parts: Collection[Part] = tuple(Part),
        *,
        region: str = "huzhou",
        residents: int | None = None,
        api_port: int = 0,
        given: Mapping[str, str] = os.environ,
        database_settings: Mapping[str, str] = CALM,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self.state = state
        self.parts = [part for part in Part if part in parts]
        self.region = region
        self.residents = residents
        self.api_port = api_port
        self.given = given
        self.database_settings = database_settings
        self.say = say
        self.services: dict[str, Service] = {}
        self.urls = Urls(admin="", migrator="", app="")
        self.redis_url = given.get("REDIS_URL", "")

    def __enter__(self) -> Self:
        """Start every part; when one fails, those before it are stopped again."""
        try:
            for part in self.parts:
                STARTERS[part](self)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop the parts, the last one first."""
        for service in reversed(self.services.values()):
            service.stop()
        self.services.clear()

    @property
    def api_url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.services[Part.API].port}"

    @property
    def simulator_url(self) -> str:
        """Where the WeChat simulator answers."""
        return f"http://127.0.0.1:{self.services[Part.SIMULATOR].port}"

    @property
    def sms_url(self) -> str:
        """Where the SMS simulator answers; empty without one."""
        there = self.services.get(Part.SMS)
        return f"http://127.0.0.1:{there.port}" if there else ""

    @property
    def ledger(self) -> Path:
        """What the simulator delivered, one JSON object a line."""
        return self.state.folder / "ledger.jsonl"

    def environment(self) -> dict[str, str]:
        """What the API and the jobs are told."""
        names = ["FIELD_KEYS", "INDEX_KEY", "WECHAT_SECRET", "REALNAME_KEY"]
        names += ["WECHAT_CALLBACK_TOKEN", "WECHAT_CALLBACK_AES_KEY"]
        simulator = self.simulator_url if Part.SIMULATOR in self.services else NOBODY_THERE
        ours = {
            "ENV": "demo",
            "DATABASE_URL": self.urls.app,
            "REDIS_URL": self.redis_url,
            "REGION": self.region,
            "WECHAT_BASE_URL": simulator,
            "REALNAME_BASE_URL": f"{simulator}/realname",
            "SIMULATOR_URL": simulator,
            "WECHAT_APPID": APPID,
            "JOURNAL_DIR": str(self.state.folder / "journal"),
            "METRICS_DIR": str(self.state.folder / "metrics"),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }
        kept = {name: self.state.secrets[name] for name in names}
        return dict(self.given) | kept | ours | self._sms_account()

    def _sms_account(self) -> dict[str, str]:
        """An account with the SMS simulator, where there is one."""
        if Part.SMS not in self.parts:
            return {}
        names = ["SMS_SECRET_KEY", "SMS_CALLBACK_SECRET"]
        kept = {name: self.state.secrets[name] for name in names}
        return SMS_ACCOUNT | kept | {"SMS_BASE_URL": self.sms_url}

    def start_postgres(self) -> None:
        """The database and its roles; the caller's own when the environment names one."""
        if url := self.given.get("DATABASE_URL"):
            owner = self.given.get("MIGRATOR_DATABASE_URL", url)
            self.urls = Urls(admin=owner, migrator=owner, app=url)
            return
        server = Postgres(self.state, self.database_settings)
        self.services[Part.POSTGRES] = server
        if not server.has_data:
            self.state.remove("region.json")
        server.start()
        self.urls = server.ensure_roles_and_database()

    def start_valkey(self) -> None:
        """The cache, where one can be had; the product works without."""
        binary = valkey.find_binary()
        if self.redis_url or binary is None:
            return
        server = valkey.Valkey(self.state, binary)
        self.services[Part.VALKEY] = server
        server.start()
        self.redis_url = server.url

    def start_simulator(self) -> None:
        """WeChat, which posts its events to the API if there is one; the real-name provider."""
        known = templates.write(self.state.folder / "templates.toml")
        words = ["tools.wechat_simulator", "--ledger", str(self.ledger), "--templates", str(known)]
        if Part.API in self.parts:
            port = self.state.port("api", self.api_port)
            words += ["--callback", f"http://127.0.0.1:{port}/api/v1/open/wechat/events"]
        self._start(Part.SIMULATOR, words, self.state.port("simulator"), "/")

    def start_sms(self) -> None:
        """The SMS provider; it tells the API what became of texts, and what was answered."""
        port = self.state.port("api", self.api_port)
        secret = self.state.secrets["SMS_CALLBACK_SECRET"]
        told = f"http://127.0.0.1:{port}/api/v1/open/sms/{secret}"
        words = ["tools.sms_simulator", "--ledger", str(self.state.folder / "texts.jsonl")]
        words += ["--texts", str(ROOT / "config" / "sms.toml")]
        words += ["--receipts-url", f"{told}/receipts", "--replies-url", f"{told}/replies"]
        self._start(Part.SMS, words, self.state.port("sms"), "/")

    def migrate(self) -> None:
        """The newest schema."""
        self._finish("migrate", "backend.kernel.migrate")

    def load_region(self) -> None:
        """The demo region, once for each database."""
        place = urlsplit(self.urls.app)
        mark = {"region": self.region, "database": f"{place.hostname}{place.path}"}
        loaded = self.state.read("region.json")
        there = loaded.pop("residents", USUAL)
        if loaded.get("database") != mark["database"]:
            self._fill_region(self.residents or USUAL)
            self.state.write("region.json", mark | {"residents": self.residents or USUAL})
        elif loaded != mark:
            raise LaunchError(f"The data here are of region {loaded['region']}: use --fresh.")
        elif self.residents not in {None, there}:
            raise LaunchError(f"The data here have {there} residents: use --fresh.")

    def _fill_region(self, residents: int) -> None:
        words = ["tools.launch.load_region", str(residents)]
        child = self._child("region", words, {"MIGRATOR_DATABASE_URL": self.urls.migrator})
        finish(child, 300 + residents * SLOWEST_S, self.say)

    def start_api(self) -> None:
        """The HTTP API."""
        port = self.state.port("api", self.api_port)
        self._start(Part.API, ["tools.cli", "api"], port, "/healthz")

    def start_jobs(self) -> None:
        """What happens by itself."""
        (self.state.folder / "journal").mkdir(exist_ok=True)
        self._start(Part.JOBS, ["tools.cli", "jobs"])

    def _child(self, name: str, words: list[str], settings: Mapping[str, str]) -> Child:
        environment = self.environment() | {"PYTHONUNBUFFERED": "1"} | dict(settings)
        command = [sys.executable, "-m", *words]
        return Child(name, command, self.state.log(name), environment, ROOT)

    def _finish(self, name: str, module: str) -> None:
        """Run a program to its end as the owner of the database."""
        owner = {"MIGRATOR_DATABASE_URL": self.urls.migrator}
        finish(self._child(name, [module], owner), 300)

    def _start(self, part: Part, words: list[str], port: int = 0, path: str = "") -> None:
        """Start a program of ours; ready when it answers at `path`, if one is given."""
        if part is Part.SIMULATOR:
            words = [*words, "--port", str(port), "--appid", APPID]
        if part is Part.SMS:
            words = [*words, "--port", str(port)]
        settings = {"API_HOST": "127.0.0.1", "API_PORT": str(port)} if part is Part.API else {}
        child = self._child(part, words, settings)
        service = Program(child, port, lambda: not path or answers(port, path))
        self.services[part] = service
        service.start()


STARTERS = {
    Part.POSTGRES: Stack.start_postgres,
    Part.VALKEY: Stack.start_valkey,
    Part.SIMULATOR: Stack.start_simulator,
    Part.SMS: Stack.start_sms,
    Part.SCHEMA: Stack.migrate,
    Part.REGION: Stack.load_region,
    Part.API: Stack.start_api,
    Part.JOBS: Stack.start_jobs,
}


def answers(port: int, path: str) -> bool:
    """Whether a server says 200 there."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        link.request("GET", path)
        return link.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        link.close()
