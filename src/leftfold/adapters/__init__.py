"""What Leftfold runs on, one folder an engine. Read by: authors of adapters.

An adapter is found by the scheme of its URL; nothing in the package imports one by name.
"""

__all__ = []
