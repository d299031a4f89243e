"""Everything odd about a message and its session, each in one sentence with the RFC behind it; begin at `oddity.py`."""

from mailsluice.message.oddities.oddity import Oddity, Received, oddities

__all__ = ["Oddity", "Received", "oddities"]
