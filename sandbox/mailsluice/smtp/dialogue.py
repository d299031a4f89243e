"""What a session says and means: the loop that reads commands, its replies, and the commands that change nothing."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final, NoReturn

from mailsluice.capture import SessionFacts, SessionRecord, new_id, now
from mailsluice.reply import Reply
from mailsluice.smtp import auth, replies
from mailsluice.smtp.identity import HOSTNAME, Identity
from mailsluice.smtp.inflow import LineTooLong
from mailsluice.smtp.notes import Notes
from mailsluice.smtp.roles import Host, Line
from mailsluice.smtp.transaction import Transaction
from mailsluice.smtp.transcript import MASK, Transcript

log = logging.getLogger(__name__)

_HTTP_VERBS: Final = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "HOST:"}
_BEFORE_TLS: Final = {"EHLO", "HELO", "STARTTLS", "NOOP", "QUIT", "RSET"}
_LASTING: Final = {"EHLO", "HELO", "STARTTLS", "AUTH"}
_OF_A_MESSAGE: Final = {"MAIL", "RCPT", "DATA", "BDAT"}
_TLS_HANDSHAKE: Final = 0x16


class Closed(Exception):
    """The session is over; its last reply, if any, is queued."""


class Dialogue:
    """One session, from the greeting to its end.

    `busy` while a message waits for its commit; `cut_short` when the peer may still be sending as the session ends.
    """

    def __init__(self, host: Host, line: Line, *, peer: str) -> None:
        self.id = new_id()
        self.began = now()
        self.host, self.line, self.peer = host, line, peer
        self.transcript = Transcript()
        self.notes = Notes(self.transcript)
        self.identity = Identity(self)
        self.transaction = Transaction(self)
        self.captured = 0
        self.busy = False
        self.cut_short = False
        self._errors = 0
        self._commands_left = host.limits.max_commands
        self._over = False
        self._commands: dict[str, Callable[[str], Awaitable[Reply | None]]] = {
            "EHLO": self.identity.say_ehlo,
            "HELO": self.identity.say_helo,
            "STARTTLS": self.identity.start_tls,
            "AUTH": self.identity.authenticate,
            "MAIL": self.transaction.mail,
            "RCPT": self.transaction.rcpt,
            "DATA": self.transaction.data,
            "BDAT": self.transaction.bdat,
            "RSET": self._rset,
            "NOOP": self._noop,
            "QUIT": self._quit,
            "VRFY": self._vrfy,
            "EXPN": self._not_implemented,
            "TURN": self._not_implemented,
            "ETRN": self._not_implemented,
            "HELP": self._help,
        }

    async def run(self) -> None:
        """Hold the dialogue until one side ends it."""
        try:
            if self._over:
                return
            if self.host.implicit_tls:
                await self.line.inflow.peek()  # a probe of the port says nothing
                await self.identity.negotiate()
            self.say(f"220 {HOSTNAME} ESMTP Mailsluice")
            if await self.line.inflow.peek() == _TLS_HANDSHAKE:
                self.close_with(replies.NO_TLS_HERE, outcome="spoke TLS to a port that does not begin with it")
            while True:
                await self._step()
        except EOFError:
            if left := self.line.inflow.discard():
                self.transcript.client(f"({len(left)} bytes without a line's end)")
        except (Closed, ConnectionError):
            pass
        finally:
            self.transaction.reset()

    def facts(self) -> SessionFacts:
        """What the session has told so far."""
        return SessionFacts(
            id=self.id,
            peer=self.peer,
            began=self.began,
            helo=self.identity.helo,
            extended=self.identity.extended,
            tls=self.line.tls_name,
            user=self.identity.user,
            warnings=self.notes.warnings,
        )

    def record(self) -> SessionRecord | None:
        """The session as it is kept when it brought no message or was refused something; None for any other."""
        return self.notes.record(self.facts(), captured=self.captured)

    def captured_one(self) -> None:
        """A message was committed: the count of commands starts anew."""
        self.captured += 1
        self._commands_left = self.host.limits.max_commands

    # The loop

    async def _step(self) -> None:
        limits, line = self.host.limits, self.line
        line.touch(limits.idle_timeout)
        if self.host.closing:
            self.close_with(replies.SHUTTING_DOWN)
        if line.held_up:
            await line.flush()
        try:
            command = await line.inflow.line(limits.max_command_size)
        except LineTooLong:
            self.transcript.client(f"(a line of more than {limits.max_command_size} bytes)")
            self.identity.auth_seen = True  # for all we know it was one
            self.reply(replies.TOO_LONG_LINE)
            return
        self._commands_left -= 1
        if self._commands_left < 0:
            self.close_with(replies.TOO_MANY_COMMANDS)
        try:
            await self._handle(command)
        except (Closed, EOFError, ConnectionError):
            raise
        except Exception:  # a bug must end neither the session nor show itself to the client
            log.exception("fault in the session of %s", self.peer)
            if self.transaction.receiving:  # what comes next is not a command
                self.close_with(replies.FAULT_WITHIN_MESSAGE)
            self.transaction.reset()
            self.reply(replies.FAULT)

    async def _handle(self, line: bytes) -> None:
        text = self._decode(line)
        verb, _, argument = text.partition(" ")
        verb = verb.upper() if verb.isascii() else ""  # "ı".upper() is "I"
        command = self._commands.get(verb)
        if command is None:
            self._handle_unknown(verb, text)
            return
        self._note_command(verb, text, argument)
        if self.host.require_starttls and verb not in _BEFORE_TLS and not self.line.tls_name:
            if verb == "BDAT":
                await self.transaction.skip_chunk(argument)
            self.reply(replies.STARTTLS_FIRST, of_message=verb in _OF_A_MESSAGE)
            return
        reply = await command(argument.strip())
        if reply is not None:
            self.reply(reply, of_message=verb in _OF_A_MESSAGE)

    def _note_command(self, verb: str, text: str, argument: str) -> None:
        if verb == "AUTH":
            self.identity.auth_seen = True
            text = auth.masked(argument)
        elif verb == "MAIL":
            self.notes.rejected_this_one = False
            if self.transaction.sender is None:
                self.transcript.begin_transaction()
        self.transcript.client(text, lasting=verb in _LASTING)

    def _handle_unknown(self, verb: str, text: str) -> None:
        # Once AUTH was tried, a line that is no command may be the secret that was meant for it.
        self.transcript.client(MASK if self.identity.auth_seen or verb.startswith("AUTH") else text)
        if verb in _HTTP_VERBS:
            # A web page could make a browser post mail: nothing that follows is read.
            self.close_with(replies.NOT_SMTP, outcome="spoke HTTP to the SMTP port")
        self.reply(replies.NOT_A_COMMAND)

    def _decode(self, line: bytes) -> str:
        if line.endswith(b"\r"):
            line = line[:-1]
        else:
            self.notes.warn("a command ended in LF alone, not in CRLF")
        if line.isascii():
            return line.decode("ascii")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.notes.warn("a command held bytes that are not UTF-8; they were read as Latin-1")
            return line.decode("latin-1")

    # Replies

    def say(self, *lines: str) -> None:
        """Queue lines that are no refusal."""
        for line in lines:
            self.transcript.server(line)
            self.line.send(f"{line}\r\n".encode())

    def reply(self, reply: Reply, *, of_message: bool = False) -> None:
        """Queue a reply; a refusal is noted, and too many of them end the session."""
        self.say(str(reply))
        if reply.code < 400:
            return
        log.warning("%s to %s", reply, self.peer)
        self.notes.refused(reply, message=of_message)
        self._errors += 1
        if self._errors >= self.host.limits.max_errors:
            self.close_with(replies.TOO_MANY_ERRORS)

    def close_with(self, reply: Reply, *, outcome: str = "") -> NoReturn:
        """Queue a last reply and leave the loop; a refusal is how the session ended, in its own words or these."""
        self.say(str(reply))
        if reply.code >= 400:
            self.cut_short = True
            if reply is not replies.SHUTTING_DOWN:
                log.warning("%s to %s", reply, self.peer)
                self.notes.ended(outcome or reply.text)
        raise Closed

    def hang_up(self, outcome: str) -> NoReturn:
        """Leave the loop without a word to the client, for a reason that is noted."""
        self.note_end(outcome)
        raise Closed

    def note_end(self, outcome: str) -> None:
        """Note, and print, how the session ended, if that was not done before."""
        if self.notes.ended(outcome):
            log.warning("%s: %s", self.peer, outcome)

    def shut_down(self, reply: Reply) -> None:
        """Queue a last reply from outside the loop, which says nothing any more."""
        self.say(str(reply))
        self._over = True

    def time_out(self) -> None:
        """Queue the reply that the peer took too long; a session that only rests after its messages ended well."""
        if self.line.held_up:
            reply = replies.REPLIES_NOT_READ
        else:
            reply = replies.TOO_SLOW if self.transaction.receiving else replies.IDLE
        self.shut_down(reply)
        if self.host.implicit_tls and not self.line.tls_name:
            self.note_end("TLS did not begin: the client waited for a greeting, as it is said without TLS")
        elif not self.captured or self.line.held_up or self.transaction.sender is not None:
            self.note_end(reply.text)

    # Commands that change nothing

    async def _rset(self, argument: str) -> Reply | None:
        self.transaction.reset()
        return replies.OK

    async def _noop(self, argument: str) -> Reply | None:
        return replies.OK

    async def _vrfy(self, argument: str) -> Reply | None:
        return replies.NO_VERIFY

    async def _help(self, argument: str) -> Reply | None:
        return replies.HELP

    async def _not_implemented(self, argument: str) -> Reply | None:
        return replies.NOT_IMPLEMENTED

    async def _quit(self, argument: str) -> Reply | None:
        self.close_with(replies.BYE)
