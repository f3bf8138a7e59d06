"""What a newcomer's machine may lack, what the wheel brings. Read by: who changes the set-up."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEWEST = "python3.14"
# A Python that runs and is new enough, but lacks what its distribution packages apart.
WITHOUT_VENV = '#!/bin/sh\ncase "$2" in *venv*) exit 1;; esac\n'
WITHOUT_EXTRA = """
import sys
sys.modules["cyclopts"] = sys.modules["rich"] = None
sys.argv = ["leftfold", "--help"]
from leftfold.cli import main
sys.exit(main())
"""


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Return the folder of a machine with a shell and nothing else, the project beside it."""
    (tmp_path / "bin").mkdir()
    for tool in ("cut", "sed", "sh", "tail"):
        found = shutil.which(tool)
        assert found
        (tmp_path / "bin" / tool).symlink_to(found)
    shutil.copytree(ROOT / ".ci", tmp_path / "project/.ci")
    for lock in ROOT.glob("requirements*.lock"):
        shutil.copy(lock, tmp_path / "project")
    return tmp_path


def set_up(machine: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [".ci/venv", "requirements.lock"],
        cwd=machine / "project",
        env={"PATH": str(machine / "bin"), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def put_python(machine: Path, program: str) -> None:
    file = machine / "bin" / NEWEST
    file.write_text(program, encoding="utf-8")
    file.chmod(0o755)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


def test_a_machine_without_python_is_told_in_one_line(machine: Path) -> None:
    line = one_line(set_up(machine))

    assert "no Python 3.11 or newer with the venv module was found" in line
    assert "make PYTHON=" in line


def test_a_python_without_venv_is_told_in_one_line(machine: Path) -> None:
    put_python(machine, WITHOUT_VENV)

    assert "apt install python3 python3-venv" in one_line(set_up(machine))


def test_a_python_that_was_named_and_does_not_fit_is_named_again(machine: Path) -> None:
    put_python(machine, WITHOUT_VENV)

    assert f"PYTHON={NEWEST} does not run" in one_line(set_up(machine, PYTHON=NEWEST))


def test_the_base_brings_only_what_the_embedded_default_needs(tmp_path: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "build", "--wheel", "--offline", "--quiet", "--out-dir", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True)

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        lines = opened.read(metadata).decode().splitlines()
    needs = {
        line.split(":", 1)[1].strip().split(">")[0]
        for line in lines
        if line.startswith("Requires-Dist") and "extra ==" not in line
    }
    assert needs == {"apsw", "msgspec", "sqlalchemy", "typing-extensions"}
    assert "leftfold/py.typed" in names
    files = {
        path.relative_to(ROOT / "src").as_posix()
        for path in (ROOT / "src/leftfold").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert files <= set(names)


def test_without_its_extra_the_command_line_says_what_to_install(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", WITHOUT_EXTRA]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert 'pip install "leftfold[cli]"' in one_line(done)
