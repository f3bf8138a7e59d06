"""How an App is named on the command line. Read by: who changes what is accepted."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from leftfold import App, Event
from leftfold.cli.failing import CannotDo
from leftfold.cli.loading import load_app


class Deposited(Event):
    account: str


@pytest.fixture
def bank(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return an importable module that holds one App."""
    monkeypatch.setattr(sys, "path", [*sys.path])
    module = ModuleType("some_bank")
    module.__dict__.update(app=App("bank", Deposited), number=5, Deposited=Deposited)
    monkeypatch.setitem(sys.modules, "some_bank", module)
    return module


@pytest.mark.parametrize("where", ["some_bank:app", "some_bank"])
def test_an_app_is_found_by_name_and_alone_without(bank: ModuleType, where: str) -> None:
    assert load_app(where) is bank.__dict__["app"]


def test_an_app_may_be_inside_another_object(bank: ModuleType) -> None:
    bank.__dict__["parts"] = SimpleNamespace(inner=bank.__dict__["app"])

    assert load_app("some_bank:parts.inner") is bank.__dict__["app"]


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("some_bank.py", "Write module:app, as bank:app"),
        ("shop/app.py:app", "Write module:app, as bank:app"),
        ("some_bank:", "Write module:app, as bank:app"),
        (":app", "Write module:app, as bank:app"),
        ("some_bnak:app", "There is no module 'some_bnak'"),
        ("some_bank.app:app", "There is no module 'some_bank.app'"),
        ("some_bank:ap", "some_bank has no 'ap'. Write some_bank:app."),
        ("some_bank:number", "some_bank:number is no App but a int. Write some_bank:app."),
        ("some_bank:number.real", "is no App but a int"),
        ("some_bank:number.nothing", "some_bank has no 'number.nothing'"),
    ],
)
@pytest.mark.usefixtures("bank")
def test_a_wrong_name_is_answered_with_a_right_one(where: str, words: str) -> None:
    with pytest.raises(CannotDo) as error:
        load_app(where)

    assert words in str(error.value)


def test_several_apps_are_all_named(bank: ModuleType) -> None:
    bank.__dict__["other"] = App("other", Deposited)

    with pytest.raises(CannotDo, match=r"Write some_bank:app or some_bank:other\."):
        load_app("some_bank")


def test_a_module_without_an_app_is_told_how_to_make_one(bank: ModuleType) -> None:
    del bank.__dict__["app"]

    with pytest.raises(CannotDo, match=r"It holds no App.*app = App\(\.\.\.\)"):
        load_app("some_bank:app")
