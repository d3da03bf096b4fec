import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools.launch.state import State


def test_secrets_are_made_once_and_private(tmp_path: Path) -> None:
    first = State(tmp_path).secrets
    assert State(tmp_path).secrets == first
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600


def test_a_port_is_kept_until_somebody_takes_it(tmp_path: Path) -> None:
    state = State(tmp_path)
    kept = state.port("api")
    assert state.port("api") == kept
    with socket.socket() as other:
        other.bind(("127.0.0.1", kept))
        other.listen()
        assert state.port("api") != kept
        assert state.port("api", wanted=kept) != kept


def test_only_one_works_in_a_folder(tmp_path: Path) -> None:
    with State(tmp_path).alone() as first, State(tmp_path).alone() as second:
        assert (first, second) == (True, False)
    with State(tmp_path).alone() as later:
        assert later


def test_a_torn_file_counts_as_absent(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text('{"api": ')
    assert State(tmp_path).read("demo.json") == {}


def test_a_look_keeps_nobody_from_starting(tmp_path: Path) -> None:
    def look() -> None:
        with State(tmp_path).alone():
            time.sleep(0.1)

    with ThreadPoolExecutor(1) as threads:
        looked = threads.submit(look)
        time.sleep(0.05)
        with State(tmp_path).alone() as alone:
            assert alone
        looked.result()


def test_those_who_start_together_share_their_secrets(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: State(tmp_path).secrets, range(8)))
    assert all(each == made[0] for each in made)
