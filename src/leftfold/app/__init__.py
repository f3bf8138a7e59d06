"""The App: parts joined, and what runs them. Read by: everyone."""

from leftfold.app.app import App, Receipt
from leftfold.app.blocking import BlockingApp

__all__ = ["App", "BlockingApp", "Receipt"]
