"""What tests of users need: given/when/then, TestApp, contracts of ports. Read by: everyone."""

from leftfold.testing.app import TestApp
from leftfold.testing.given import given

__all__ = ["TestApp", "given"]
