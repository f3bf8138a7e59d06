"""`leftfold status` beside a running app, after its end, after its death. Read by: its authors."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Leftfold = Callable[..., subprocess.CompletedProcess[str]]
LIFE = (
    "Open(account='ann', owner='Ann')",
    "Deposit(account='ann', amount=5)",
    "Deposit(account='ann', amount=13)",
    "Deposit(account='ann', amount=7)",
)


def states(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    return {entry["processor"]: entry for entry in json.loads(done.stdout)["processors"]}


def until_failed(leftfold: Leftfold) -> subprocess.CompletedProcess[str]:
    """Ask until the failure is kept, which a fold does when it has tried event by event."""
    while True:
        done = leftfold("status", "bank:risky", "--json")
        if states(done)["Share"]["state"] == "failed":
            return done


def test_status_is_told_from_another_process_while_the_app_runs(
    leftfold: Leftfold, start: Any
) -> None:
    app = start("bank", *LIFE)

    done = leftfold("status", "bank:bank", "--json")

    document = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert document["events"] == 4
    assert document["database"] == "sqlite:///bank.db"
    (statement,) = document["processors"]
    assert (statement["processor"], statement["version"]) == ("Statement", 1)
    assert (statement["position"], statement["lag"], statement["state"]) == (4, 0, "current")
    assert str(app.process.pid) in statement["owner"]
    app.send("Deposit(account='ann', amount=1)")
    assert states(leftfold("status", "bank:bank", "--json"))["Statement"]["position"] == 5


def test_a_failure_is_told_with_event_and_reason_and_exits_with_3(
    leftfold: Leftfold, start: Any
) -> None:
    app = start("risky", *LIFE)

    done = until_failed(leftfold)

    share, statement = states(done)["Share"], states(done)["Statement"]
    assert done.returncode == 3
    assert (statement["state"], statement["lag"]) == ("current", 0)
    assert (share["position"], share["lag"]) == (2, 2)
    failure = share["failure"]
    assert (failure["position"], failure["type"]) == (3, "Deposited")
    assert failure["reason"] == "Share.deposited: ZeroDivisionError: division by zero"
    assert "bank.py" in failure["traceback"]
    app.kill()
    for place in ("bank:risky", "--database=sqlite:///bank.db"):
        after = leftfold("status", place)
        assert after.returncode == 3
        assert "Share failed at position 3 (Deposited) since 20" in after.stdout
        assert "  Share.deposited: ZeroDivisionError: division by zero" in after.stdout


@pytest.mark.usefixtures("lived")
def test_after_an_app_has_ended_its_read_models_are_current_and_nobodys(
    leftfold: Leftfold,
) -> None:
    statement = states(leftfold("status", "bank:bank", "--json"))["Statement"]

    assert (statement["state"], statement["owner"]) == ("current", None)


def test_a_killed_app_is_not_taken_for_a_running_one(leftfold: Leftfold, start: Any) -> None:
    start("bank", *LIFE).kill()

    statement = states(leftfold("status", "bank:bank", "--json"))["Statement"]

    assert statement["owner"] is None


@pytest.mark.usefixtures("lived")
def test_a_lag_that_nobody_works_on_is_told_as_such(leftfold: Leftfold, folder: Path) -> None:
    import apsw

    views = apsw.Connection(str(folder / "bank.views.db"))
    log = apsw.Connection(str(folder / "bank.db"))
    (third,) = log.execute("SELECT lower(hex(id)) FROM events WHERE position = 3").fetchone()
    from uuid import UUID

    views.execute("UPDATE leftfold_positions SET number = 3, event = ?", (str(UUID(third)),))
    views.close()
    log.close()

    done = leftfold("status", "bank:bank")

    assert done.returncode == 0
    assert "Statement stopped:" in done.stdout
    assert "no running app folds it" in done.stdout


@pytest.mark.usefixtures("lived")
def test_with_an_app_what_is_new_and_what_is_unused_is_told(
    leftfold: Leftfold, folder: Path
) -> None:
    source = (folder / "bank.py").read_text(encoding="utf-8").replace("Statement", "Balance")
    (folder / "bank.py").write_text(source, encoding="utf-8")

    found = states(leftfold("status", "bank:bank", "--json"))

    assert {name: entry["state"] for name, entry in found.items()} == {
        "Balance": "new",
        "Statement": "unused",
    }


def test_an_app_that_has_not_run_has_nothing_to_tell(leftfold: Leftfold, folder: Path) -> None:
    done = leftfold("status", "bank:bank")

    assert done.returncode == 1
    assert "bank.db: there is no such file" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["bank.py", "run.py"]


@pytest.mark.usefixtures("lived")
def test_views_that_are_gone_are_new_and_views_that_were_named_must_be_there(
    leftfold: Leftfold, folder: Path
) -> None:
    (folder / "bank.views.db").unlink()

    assert states(leftfold("status", "bank:bank", "--json"))["Statement"]["state"] == "new"
    assert (
        "No read model has a position there"
        in leftfold("status", "--database", "sqlite:///bank.db").stdout
    )
    named = leftfold("status", "bank:bank", "--views", "sqlite:///bank.views.db")
    assert named.returncode == 1
    assert "bank.views.db: there is no such file" in named.stderr
    assert not (folder / "bank.views.db").exists()
