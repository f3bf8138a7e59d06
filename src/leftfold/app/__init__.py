"""The App: parts joined, and what runs them. Read by: everyone."""

from leftfold.app.app import App
from leftfold.app.blocking import BlockingApp
from leftfold.app.receipt import Receipt

__all__ = ["App", "BlockingApp", "Receipt"]
