"""The dialogue of a session as a person may read it: `C:` and `S:` lines, secrets masked, bounded."""

from typing import Final

MASK: Final = "****"
_LINES: Final = 400
_OPENING_LINES: Final = 60
_LINE: Final = 1000


class Transcript:
    """Keeps the session's opening (greeting, EHLO, AUTH), its newest transaction, and what followed that.

    A line is noted when its command is consumed, not when its bytes arrive: a secret that was pipelined with a command
    is known to be one. Beyond 400 lines each of the three keeps its newest ones and counts the rest.
    """

    __slots__ = ("_dropped", "_ended", "_lasting", "_lines", "_opening", "_transaction", "heard")

    def __init__(self) -> None:
        self.heard = False  # has the client said anything?
        self._opening: list[str] = []
        self._transaction: list[str] = []
        self._lines = self._opening  # where the next line goes
        self._ended = False  # the transaction; the reply to its last command still belongs to it
        self._lasting = False  # does what followed the transaction belong to the opening?
        self._dropped = 0

    def begin_transaction(self) -> None:
        """MAIL begins anew: the transaction before it belongs to another message."""
        if self._lasting and self._lines is not self._opening:
            self._opening += self._lines
        del self._opening[:-_OPENING_LINES]
        self._transaction = self._lines = []
        self._ended = self._lasting = False
        self._dropped = 0

    def end_transaction(self) -> None:
        """What the client says from now on belongs to no message, until the next MAIL."""
        self._ended = self._lines is self._transaction

    def client(self, text: str, *, lasting: bool = False) -> None:
        """Note what the client said; what is lasting (EHLO, AUTH) is told with later messages too."""
        self.heard = True
        if self._lines is self._transaction and (self._ended or lasting):
            self._lines = []
            self._ended = False
        self._lasting = self._lasting or lasting
        self._note(f"C: {text}")

    def server(self, text: str) -> None:
        """Note what the server said."""
        self._note(f"S: {text}")

    def note(self, text: str) -> None:
        """Note what was not said in words."""
        self._note(f"   {text}")

    def lines(self) -> tuple[str, ...]:
        """Opening, newest transaction and what followed, so far."""
        left_out = (f"   ({self._dropped} lines left out)",) if self._dropped else ()
        if self._lines is self._opening:
            return (*left_out, *self._opening)
        if self._lines is self._transaction:
            return (*self._opening, *left_out, *self._transaction)
        return (*self._opening, *self._transaction, *left_out, *self._lines)

    def _note(self, line: str) -> None:
        self._lines.append(line if len(line) <= _LINE else f"{line[:_LINE]}… ({len(line)} characters)")
        if len(self._lines) > _LINES:
            del self._lines[0]
            self._dropped += 1
