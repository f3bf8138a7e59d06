"""`leftfold check` on apps that were changed after they had run. Read by: who adds a check."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Leftfold = Callable[..., subprocess.CompletedProcess[str]]
Change = Callable[..., None]
DEPOSITED = "class Deposited(Event):"


@pytest.fixture
def change(folder: Path) -> Change:
    """Return what replaces words in bank.py."""

    def replace(*pairs: tuple[str, str]) -> None:
        file = folder / "bank.py"
        source = file.read_text(encoding="utf-8")
        for old, new in pairs:
            assert old in source
            source = source.replace(old, new)
        file.write_text(source, encoding="utf-8")

    return replace


def found(done: subprocess.CompletedProcess[str]) -> list[tuple[str, str]]:
    assert done.stderr == ""
    findings = json.loads(done.stdout)["findings"]
    return [(finding["severity"], finding["about"]) for finding in findings]


@pytest.mark.usefixtures("lived")
def test_an_app_that_is_as_it_ran_is_well(leftfold: Leftfold) -> None:
    done = leftfold("check", "bank:bank")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "bank:bank: nothing is wrong (checked with sqlite:///bank.db)\n"


def test_an_app_is_checked_by_itself_before_it_has_run(leftfold: Leftfold, folder: Path) -> None:
    done = leftfold("check", "bank:bank")

    assert done.returncode == 0
    assert done.stdout == "bank:bank: nothing is wrong (by itself: nothing is stored yet)\n"
    assert sorted(path.name for path in folder.iterdir()) == ["bank.py", "run.py"]


def test_a_database_that_was_named_must_be_there(leftfold: Leftfold) -> None:
    done = leftfold("check", "bank:bank", "--database", "sqlite:///bnak.db")

    assert (done.returncode, done.stdout) == (1, "")
    assert "bnak.db: there is no such file" in done.stderr


def test_wrong_wiring_is_an_error_with_the_words_of_the_app(
    leftfold: Leftfold, change: Change
) -> None:
    change(("def deposit(self, command: Deposit)", "def deposit(self, command)"))

    done = leftfold("check", "bank:bank")

    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("error    Account.deposit: parameter 'command' has no type")
    assert found(leftfold("check", "bank:bank", "--json")) == [("error", "wiring")]


def test_a_service_that_nobody_provides_is_found_in_an_app_without_a_database(
    leftfold: Leftfold, change: Change
) -> None:
    change(
        ('Statement, database="sqlite:///bank.db")', "Statement)"),
        ("def open(self, command: Open)", "def open(self, command: Open, mailer: Mailer)"),
        ("class Opened(", "class Mailer: ...\n\n\nclass Opened("),
    )

    assert found(leftfold("check", "bank:bank", "--json")) == [("error", "wiring")]


@pytest.mark.usefixtures("lived")
def test_a_gap_in_a_chain_of_upcasters_is_an_error(leftfold: Leftfold, change: Change) -> None:
    change(
        (DEPOSITED, "class Deposited(Event, revision=3):"),
        (
            "Statement, database=",
            'Statement, Upcaster("Deposited", revision=1, to=dict), database=',
        ),
        ("import Aggregate,", "import Upcaster, Aggregate,"),
    )

    done = leftfold("check", "bank:bank")

    assert done.returncode == 3
    assert "The upcasters of 'Deposited' have a gap: none takes revision 2." in done.stdout


@pytest.mark.usefixtures("lived")
def test_a_stored_revision_that_nothing_reads_is_an_error(
    leftfold: Leftfold, change: Change
) -> None:
    change((DEPOSITED, "class Deposited(Event, revision=2):"))

    done = leftfold("check", "bank:bank")

    assert done.returncode == 3
    assert "The store holds 3 'Deposited' of revision 1" in done.stdout
    assert "[revision]" in done.stdout
    assert "1 error, 0 warnings" in done.stdout


@pytest.mark.usefixtures("lived")
def test_a_stored_name_that_no_class_answers_to_is_a_warning_and_strict_makes_it_count(
    leftfold: Leftfold, change: Change
) -> None:
    change(("Deposited", "MoneyDeposited"))

    done = leftfold("check", "bank:bank", "--json")

    assert done.returncode == 0
    assert ("warning", "stored-name") in found(done)
    assert leftfold("check", "bank:bank", "--strict").returncode == 3


@pytest.mark.usefixtures("lived")
def test_a_field_that_stored_events_lack_is_an_error(leftfold: Leftfold, change: Change) -> None:
    change(
        ("    amount: int\n\n\nclass Open(", "    amount: int\n    branch: str\n\n\nclass Open(")
    )

    done = leftfold("check", "bank:bank")

    assert done.returncode == 3
    assert "3 of 3 'Deposited' that were tried cannot be read" in done.stdout
    assert "branch" in done.stdout


@pytest.mark.usefixtures("lived")
def test_a_renamed_aggregate_and_a_renamed_view_are_told_how_to_keep_what_they_had(
    leftfold: Leftfold, change: Change
) -> None:
    change(("class Account(", "class Depot("), ('"Account"', '"Depot"'), ("Account,", "Depot,"))
    change(("Statement", "Balance"))

    done = leftfold("check", "bank:bank")

    assert done.returncode == 0
    assert 'class Depot(Aggregate, name="Account")' in done.stdout
    assert 'class Balance(..., name="Statement")' in done.stdout
    assert "0 errors, 2 warnings" in done.stdout


@pytest.mark.usefixtures("lived")
def test_a_changed_fold_without_a_new_version_is_a_warning(
    leftfold: Leftfold, change: Change
) -> None:
    change(("self.total += event.amount", "self.total += 2 * event.amount"))

    done = leftfold("check", "bank:bank")

    assert done.returncode == 0
    assert "[changed-fold]" in done.stdout
    assert "version=2" in done.stdout
    change(
        ('class Statement(View, key="account")', 'class Statement(View, key="account", version=2)')
    )
    assert found(leftfold("check", "bank:bank", "--json")) == []


@pytest.mark.usefixtures("lived")
def test_a_changed_table_without_a_new_version_is_an_error(
    leftfold: Leftfold, change: Change
) -> None:
    change(("    total: int = 0", "    total: float = 0"))

    done = leftfold("check", "bank:bank", "--json")

    assert done.returncode == 3
    assert found(done) == [("error", "view-table")]


@pytest.mark.usefixtures("lived")
def test_read_models_of_another_log_are_an_error(
    leftfold: Leftfold, start: Any, folder: Path
) -> None:
    for file in folder.glob("bank.db*"):
        file.unlink()
    rows = folder / "bank.views.db"
    kept = rows.rename(folder / "kept.db")
    start("bank", "Open(account='ann', owner='Ann')").stop()
    rows.unlink()
    kept.rename(rows)

    assert found(leftfold("check", "bank:bank", "--json")) == [("error", "position")]
    assert leftfold("status", "bank:bank").returncode == 3


@pytest.mark.usefixtures("lived")
def test_the_document_says_what_was_checked(leftfold: Leftfold) -> None:
    document = json.loads(leftfold("check", "bank:bank", "--json").stdout)

    assert document == {
        "app": "bank:bank",
        "ok": True,
        "errors": 0,
        "warnings": 0,
        "database": "sqlite:///bank.db",
        "findings": [],
    }
