import re
from pathlib import Path

import pytest

import manage

ROOT = Path(manage.__file__).parent


@pytest.fixture
def environment(tmp_path: Path) -> manage.Environment:
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / name).write_text(f"# {name}\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    return manage.Environment(tmp_path)


def finish(environment: manage.Environment, name: str) -> None:
    environment.stamp.write_text(environment.fingerprint(name) + "\n")


def test_a_half_made_environment_does_not_fit(environment: manage.Environment) -> None:
    assert not environment.fits("requirements-dev.txt")


def test_a_finished_one_fits_until_the_pins_change(environment: manage.Environment) -> None:
    finish(environment, "requirements-dev.txt")
    assert environment.fits("requirements-dev.txt")
    (environment.root / "requirements-dev.txt").write_text("flask==3.1.4\n")
    assert not environment.fits("requirements-dev.txt")


def test_one_without_its_python_does_not_fit(environment: manage.Environment) -> None:
    finish(environment, "requirements-dev.txt")
    environment.python.unlink()
    assert not environment.fits("requirements-dev.txt")


def test_the_one_for_development_serves_production_but_not_the_reverse(
    environment: manage.Environment,
) -> None:
    finish(environment, "requirements-dev.txt")
    assert environment.fits("requirements.txt", "requirements-dev.txt")
    finish(environment, "requirements.txt")
    assert not environment.fits("requirements-dev.txt")


def test_a_fitting_environment_is_left_alone(environment: manage.Environment) -> None:
    finish(environment, "requirements-dev.txt")
    before = environment.stamp.stat().st_mtime_ns
    environment.ensure(production=True)
    assert environment.stamp.stat().st_mtime_ns == before


def test_settings_that_lead_pip_astray_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_TARGET", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME", "VIRTUAL_ENV"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    calm = manage.calm_environment()
    assert {"PIP_TARGET", "PIP_REQUIRE_VIRTUALENV", "PYTHONHOME", "VIRTUAL_ENV"}.isdisjoint(calm)
    assert calm["PIP_INDEX_URL"] == "https://mirror.example/simple"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pin_has_hashes_and_nothing_names_a_place(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash)", text, re.MULTILINE)
    for pin in re.split(r"\n(?=[a-z])", text)[1:]:
        assert re.match(r"[a-z0-9.-]+==\S+", pin)
        assert pin.count("--hash=sha256:") >= 2, pin.splitlines()[0]


def test_what_is_pinned_for_production_is_pinned_alike_for_development() -> None:
    pins = [
        set(re.findall(r"^([a-z0-9.-]+==\S+)", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements.txt", "requirements-dev.txt")
    ]
    assert pins[0] <= pins[1]
