"""Events that are reached through this module. Read by: tests of what a handler's code names."""

from leftfold.messages import Event


class Elsewhere(Event):
    pass


def make() -> Elsewhere:
    return Elsewhere()
