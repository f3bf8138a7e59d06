"""The way of a message to its handler. Read by: the App, and authors of interceptors."""

from leftfold.bus.bus import Bus, Handling
from leftfold.bus.interceptors import Interceptor
from leftfold.bus.providing import Services

__all__ = ["Bus", "Handling", "Interceptor", "Services"]
