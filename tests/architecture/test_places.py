"""One word goes through five places for each port. Read by: who adds a port or an adapter."""

from pathlib import Path

import pytest

# Each port with the adapters that implement it; memory stands beside the port.
PORTS = {"eventstore": ["sqlite"]}


@pytest.mark.parametrize("port", PORTS)
def test_a_port_is_found_in_its_five_places(port: str, root: Path) -> None:
    places = [
        f"src/leftfold/{port}/__init__.py",
        f"src/leftfold/{port}/port.py",
        f"src/leftfold/{port}/memory.py",
        *(f"src/leftfold/adapters/{adapter}/{port}.py" for adapter in PORTS[port]),
        f"src/leftfold/testing/contracts/{port}.py",
        f"tests/contracts/test_{port}.py",
        f"docs/reference/{port}.md",
    ]

    assert [place for place in places if not (root / place).is_file()] == []


def test_unit_tests_mirror_the_package(root: Path) -> None:
    # tests/unit/bus/test_routing.py belongs to bus/routing.py, or to the whole of bus/ by its name.
    package = root / "src/leftfold"
    strays = [
        test.relative_to(root).as_posix()
        for test in sorted((root / "tests/unit").rglob("test_*.py"))
        if not (package / test.parent.relative_to(root / "tests/unit")).is_dir()
    ]

    assert strays == []
