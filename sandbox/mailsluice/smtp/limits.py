"""What one peer may take of the program: every bound of the listener in one place."""

from dataclasses import dataclass, fields
from pathlib import Path

from mailsluice.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the listener: sizes in bytes, times in seconds, counts a session unless they say otherwise."""

    max_message_size: int
    max_recipients: int
    max_command_size: int
    max_commands: int
    max_errors: int
    max_sessions: int
    max_sessions_per_peer: int
    max_body_memory: int
    idle_timeout: int
    data_timeout: int

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """The bounds that the settings name."""
        return cls(**{field.name: getattr(settings, field.name) for field in fields(cls)})


class BodyMemory:
    """How much memory all messages together hold until they are committed; bodies beyond it go to files."""

    __slots__ = ("_limit", "_taken", "folder")

    def __init__(self, limit: int, folder: Path) -> None:
        self.folder = folder
        self._limit = limit
        self._taken = 0

    def take(self, size: int) -> bool:
        """Count bytes that are to be held in memory; False, and nothing counted, if there is no room."""
        if self._taken + size > self._limit:
            return False
        self._taken += size
        return True

    def give(self, size: int) -> None:
        """Bytes taken before are free again."""
        self._taken -= size
