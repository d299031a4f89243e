"""Releases from wish to outbox: what would go to whom, said before anything is dialled, and queued once."""

from mailsluice.releasing.releasing import Releasing
from mailsluice.releasing.wishes import Preflight, Wishes

__all__ = ["Preflight", "Releasing", "Wishes"]
