"""The URL of a store. Read by: who opens one."""

from pathlib import Path

import pytest

from leftfold.adapters.sqlite.storefile import path_of
from leftfold.errors import ConfigurationError


def test_three_slashes_are_a_path_from_here_and_four_an_absolute_one() -> None:
    assert path_of("sqlite:///data/bank.db") == str(Path.cwd() / "data/bank.db")
    assert path_of("sqlite:////var/lib/bank.db") == "/var/lib/bank.db"
    assert path_of("sqlite:////var/my files/100%.db") == "/var/my files/100%.db"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "bank.db"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"names no file.*database=None"):
        path_of(url)


@pytest.mark.parametrize("option", ["synchronous=OFF", "fsync=off", "vfs=unix-none"])
def test_a_url_cannot_weaken_what_is_promised(option: str) -> None:
    # G1: weaker settings come from leftfold.testing alone.
    with pytest.raises(ConfigurationError, match="no options in its URL"):
        path_of(f"sqlite:///bank.db?{option}")
