"""Releases from wish to outbox: what would go to whom, said before anything is dialled, and queued once."""

from mailsluice.releasing.releasing import Releasing
from mailsluice.releasing.wishes import Batch, Preflight, Wishes

__all__ = ["Batch", "Preflight", "Releasing", "Wishes"]
