"""Finds an App by `module:app`, with the current folder importable. Read by: the commands."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leftfold.app import App
from leftfold.cli.failing import CannotDo
from leftfold.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["load_app"]


def load_app(where: str) -> App:
    """Import a module and return the App that it holds.

    Args:
        where: `module:app`, dots allowed on both sides; a module that holds one App needs no
            name.

    Raises:
        ConfigurationError: The App's parts do not fit together.
        CannotDo: There is no such module or App, or importing it failed.
    """
    name, separator, attribute = where.partition(":")
    if not name or where.endswith((".py", ":")) or "/" in name:
        raise CannotDo(
            f"{where!r} names no App. Write module:app, as bank:app for the app in bank.py, or "
            "shop.app:app for the one in shop/app.py."
        )
    module = _imported(name)
    if separator:
        return _attribute(module, attribute)
    apps = _apps_in(module)
    if len(apps) != 1:
        raise CannotDo(f"{where!r} says no App. {_advice(module)}")
    return apps[next(iter(apps))]


def _imported(name: str) -> ModuleType:
    here = os.getcwd()  # noqa: PTH109  sys.path holds texts
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ConfigurationError:
        raise
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            message = (
                f"There is no module {name!r}, in {here} or installed. Go to the folder that holds "
                "it, or check the name."
            )
            raise CannotDo(message) from error
        raise _failed(name, error) from error
    except (Exception, SystemExit) as error:
        raise _failed(name, error) from error


def _failed(name: str, error: BaseException) -> CannotDo:
    said = f"{type(error).__name__}: {error}".removesuffix(": ").removesuffix(".")
    return CannotDo(
        f"Importing {name!r} failed{_place_of(error)}: {said}. Add --debug to see the traceback."
    )


def _place_of(error: BaseException) -> str:
    """Return the last line below the current folder that the error went through."""
    here = Path.cwd()
    places = [
        (Path(frame.filename), frame.lineno) for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        places.append((Path(error.filename), error.lineno))
    mine = [(file, line) for file, line in places if file.is_relative_to(here)]
    return f" at {mine[-1][0].relative_to(here)}:{mine[-1][1]}" if mine else ""


def _attribute(module: ModuleType, attribute: str) -> App:
    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise CannotDo(f"{module.__name__} has no {attribute!r}. {_advice(module)}")
        found = getattr(found, part)
    if not isinstance(found, App):
        what = type(found).__name__
        raise CannotDo(f"{module.__name__}:{attribute} is no App but a {what}. {_advice(module)}")
    return found


def _apps_in(module: ModuleType) -> dict[str, App]:
    return {name: value for name, value in vars(module).items() if isinstance(value, App)}


def _advice(module: ModuleType) -> str:
    names = [f"{module.__name__}:{name}" for name in _apps_in(module)]
    if names:
        return f"Write {' or '.join(names)}."
    return (
        "It holds no App. Make one where the module can be imported, outside functions: "
        f"app = App(...), then write {module.__name__}:app."
    )
