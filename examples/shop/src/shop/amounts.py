"""Writes amounts of money, exactly. Read by: whoever prints one."""

from decimal import Decimal

__all__ = ["grouped", "plain"]


def plain(amount: Decimal) -> str:
    """Write every digit that counts, and two decimals at least: `446.10`, `0.001`."""
    return f"{amount:.{_decimals(amount)}f}"


def grouped(amount: Decimal) -> str:
    """Write an amount for people: `10,655,622.484`."""
    return f"{amount:,.{_decimals(amount)}f}"


def _decimals(amount: Decimal) -> int:
    exponent = amount.normalize().as_tuple().exponent
    return max(2, -exponent) if isinstance(exponent, int) else 2
