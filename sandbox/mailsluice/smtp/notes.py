"""What is worth keeping of a session beside its messages: oddities, refusals, and how it ended."""

from typing import Final

from mailsluice.capture import SessionFacts, SessionRecord, now
from mailsluice.reply import Reply
from mailsluice.smtp.transcript import Transcript

_KEPT: Final = 20


class Notes:
    """Gathers what a person needs to see why a session brought no message, or an odd one."""

    __slots__ = ("_refusals", "_rejected", "_story", "_transcript", "_warnings", "outcome", "rejected_this_one")

    def __init__(self, transcript: Transcript) -> None:
        self.outcome = ""  # how the session ended, unless that was well
        self.rejected_this_one = False  # a message that is refused at each of its commands is rejected once
        self._transcript = transcript
        self._warnings: dict[str, None] = {}
        self._refusals: list[str] = []
        self._rejected = 0
        self._story: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """Oddities, in words for the developer of the sending app."""
        return tuple(self._warnings)

    def warn(self, warning: str) -> None:
        """Note an oddity, once."""
        if len(self._warnings) < _KEPT:
            self._warnings[warning] = None

    def refused(self, reply: Reply, *, message: bool) -> None:
        """Note a refusal, and whether it rejected a message."""
        if message and not self.rejected_this_one:
            self.rejected_this_one = True
            self._rejected += 1
        if len(self._refusals) < _KEPT:
            self._refusals.append(str(reply))
        self._story = self._transcript.lines()

    def ended(self, outcome: str) -> bool:
        """Note how the session ended; False if that was noted before."""
        if self.outcome:
            return False
        self.outcome = outcome
        self._story = self._transcript.lines()
        return True

    def record(self, facts: SessionFacts, *, captured: int) -> SessionRecord | None:
        """The session as it is kept when it brought no message or was refused something; None for any other."""
        said_nothing = not self._transcript.heard and not self.outcome
        if said_nothing or (captured and not self._refusals and not self.outcome):
            return None
        return SessionRecord(
            facts=facts,
            ended=now(),
            captured=captured,
            rejected=self._rejected,
            refusals=tuple(self._refusals),
            outcome=self.outcome or ("" if self._refusals else "ended without a message"),
            transcript=self._story or self._transcript.lines(),
        )
