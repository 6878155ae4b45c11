"""The signal that the extension sends."""

from __future__ import annotations

from django.dispatch import Signal

__all__ = ["stock_low"]

#: Sent with ``record`` when what is on hand has fallen to its ``low_level``, after the commit.
stock_low = Signal()
