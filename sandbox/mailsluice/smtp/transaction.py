"""One message on its way in: MAIL, RCPT, then DATA or BDAT, until it is committed (RFC 5321 section 3.3, RFC 3030)."""

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Final

from mailsluice.capture import Capture, Envelope, Recipient, new_id, now
from mailsluice.errors import StoreError
from mailsluice.reply import Reply
from mailsluice.smtp import replies
from mailsluice.smtp.body import BodyWriter
from mailsluice.smtp.data import DotReader
from mailsluice.smtp.paths import MailPath, oddities_of, parse_path

if TYPE_CHECKING:
    from mailsluice.smtp.dialogue import Dialogue

log = logging.getLogger(__name__)

_CHUNK: Final = re.compile(r"([0-9]{1,19})(?:\s+(LAST))?", re.I)
_MAX_ENVELOPE: Final = 1 << 20  # bytes of all RCPT arguments
_SHOWN_RECIPIENTS: Final = 3
_SHOWN: Final = 100


class Transaction:
    """The envelope and body that a session is building; `receiving` while what arrives is a message, not commands."""

    __slots__ = ("_body", "_dialogue", "_envelope_size", "_recipients", "_unicode_announced", "receiving", "sender")

    def __init__(self, dialogue: "Dialogue") -> None:
        self.sender: MailPath | None = None
        self.receiving = False
        self._dialogue = dialogue
        self._recipients: list[Recipient] = []
        self._envelope_size = 0
        self._unicode_announced = False
        self._body: BodyWriter | None = None  # what BDAT has brought so far

    def reset(self) -> None:
        """Forget envelope and body."""
        self.sender = None
        self.receiving = False
        self._recipients = []
        self._envelope_size = 0
        if self._body is not None:
            self._body.close()
            self._body = None
        self._dialogue.transcript.end_transaction()

    async def mail(self, argument: str) -> Reply:
        """MAIL FROM:<address> PARAMETERS."""
        dialogue = self._dialogue
        if self.sender is not None:
            return replies.NESTED_MAIL
        path = parse_path(argument, keyword="FROM")
        if path is None:
            return replies.BAD_SENDER if argument[:5].upper() == "FROM:" else replies.MAIL_SYNTAX
        refusal = self._check_size(path.parameters)
        if refusal is not None:
            return refusal
        if not dialogue.identity.helo:
            dialogue.notes.warn("the client sent MAIL before EHLO or HELO")
        self._unicode_announced = "SMTPUTF8" in (parameter.upper() for parameter in path.parameters)
        self._note(path, "MAIL")
        self.sender = path
        return replies.SENDER_OK

    async def rcpt(self, argument: str) -> Reply:
        """RCPT TO:<address> PARAMETERS."""
        if self.sender is None:
            return replies.NEED_MAIL
        if self._body is not None:
            return replies.CHUNKS_BEGAN
        path = parse_path(argument, keyword="TO")
        if path is None or not path.address:
            return replies.BAD_RECIPIENT if argument[:3].upper() == "TO:" else replies.RECIPIENT_SYNTAX
        if len(self._recipients) >= self._dialogue.host.limits.max_recipients:
            return replies.too_many_recipients(self._dialogue.host.limits.max_recipients)
        self._envelope_size += len(argument)
        if self._envelope_size > _MAX_ENVELOPE:
            return replies.envelope_too_large(_MAX_ENVELOPE)
        self._note(path, "RCPT")
        self._recipients.append(Recipient(path.address, path.parameters))
        return replies.RECIPIENT_OK

    async def data(self, argument: str) -> Reply:
        """DATA: the message follows, up to CRLF.CRLF."""
        refusal = self._check_order() or (replies.NO_ARGUMENT if argument else None)
        if refusal is None and self._body is not None:
            refusal = replies.CHUNKS_BEGAN
        if refusal is not None:
            return refusal
        self._dialogue.say(replies.GO_AHEAD)
        body = self._body = BodyWriter(self._dialogue.host.memory)
        refusal = await self._receive_dotted(body)
        if refusal is None:
            refusal = await self._capture(body)
        self.reset()
        return refusal

    async def bdat(self, argument: str) -> Reply:
        """BDAT SIZE [LAST]: exactly so many bytes follow, whatever becomes of them."""
        match = _CHUNK.fullmatch(argument)
        refusal = self._check_order()
        if match is None or refusal is not None:
            await self.skip_chunk(argument)
            assert refusal is not None
            return refusal
        size, is_last = int(match[1]), match[2] is not None
        body = self._body = self._body or BodyWriter(self._dialogue.host.memory)
        limit = self._dialogue.host.limits.max_message_size
        if body.size + size > limit:
            await self._skip(size)
            refusal = replies.too_large(limit)
        else:
            refusal = await self._receive_counted(body, size)
            if refusal is None and not is_last:
                return replies.OK
        if refusal is None:
            refusal = await self._capture(body)
        self.reset()
        return refusal

    async def skip_chunk(self, argument: str) -> None:
        """Drop the bytes of a BDAT that is refused; one whose size nobody knows ends the session."""
        match = _CHUNK.fullmatch(argument)
        if match is None:
            self._dialogue.close_with(replies.CHUNK_SYNTAX)
        await self._skip(int(match[1]))

    def _check_order(self) -> Reply | None:
        if self.sender is None:
            return replies.NEED_MAIL
        return None if self._recipients else replies.NEED_RECIPIENT

    def _check_size(self, parameters: tuple[str, ...]) -> Reply | None:
        limit = self._dialogue.host.limits.max_message_size
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.upper() == "SIZE":
                if not (value.isascii() and value.isdigit()):
                    return replies.BAD_SIZE
                if len(value) > 15 or int(value) > limit:
                    return replies.too_large(limit)
        return None

    def _note(self, path: MailPath, verb: str) -> None:
        extended = self._dialogue.identity.extended
        for oddity in (
            *path.oddities,
            *oddities_of(path, verb, extended=extended, unicode_announced=self._unicode_announced),
        ):
            self._dialogue.notes.warn(oddity)

    # The message's bytes

    async def _receive_dotted(self, body: BodyWriter) -> Reply | None:
        """Read to the end of the message, whatever happens on the way; the refusal, if it cannot be kept."""
        reader, refusal, size = DotReader(), None, 0
        deadline = self._begin_message()
        while not reader.ended:
            content = reader.feed(await self._piece(deadline, size))
            size += len(content)
            if refusal is None:
                refusal = self._keep(body, content)
        if reader.rest:
            self._dialogue.line.inflow.give_back(reader.rest)
        self._end_message(size)
        return refusal

    async def _receive_counted(self, body: BodyWriter, size: int) -> Reply | None:
        refusal, left = None, size
        deadline = self._begin_message()
        while left:
            piece = await self._piece(deadline, size - left, limit=left)
            left -= len(piece)
            if refusal is None:
                refusal = self._keep(body, piece)
        self._end_message(size)
        return refusal

    async def _skip(self, size: int) -> None:
        """Drop bytes; more than a message may have are not waited for."""
        limit = self._dialogue.host.limits.max_message_size
        if size > limit:
            self._dialogue.close_with(replies.too_large(limit))
        deadline, left = self._begin_message(), size
        while left:
            left -= len(await self._piece(deadline, size - left, limit=left))
        self._end_message(size)

    def _begin_message(self) -> float:
        self.receiving = True
        return self._dialogue.line.time() + self._dialogue.host.limits.data_timeout

    def _end_message(self, size: int) -> None:
        self.receiving = False
        self._dialogue.transcript.client(f"({size} bytes of message)")

    async def _piece(self, deadline: float, received: int, *, limit: int = 0) -> bytes:
        """The next bytes of a message; a peer that is gone ends the session with the reason noted."""
        dialogue = self._dialogue
        left = deadline - self._dialogue.line.time()
        dialogue.line.touch(min(dialogue.host.limits.idle_timeout, left))
        if received and dialogue.line.inflow.is_empty:
            dialogue.line.acknowledge_at_once()
        try:
            return await dialogue.line.inflow.piece(limit)
        except EOFError:
            dialogue.transcript.client(f"({received} bytes of message)")
            dialogue.hang_up(f"the connection ended in the middle of a message, after {received} bytes")

    def _keep(self, body: BodyWriter, content: bytes) -> Reply | None:
        limits = self._dialogue.host.limits
        if body.size + len(content) > limits.max_message_size:
            body.close()
            return replies.too_large(limits.max_message_size)
        try:
            body.write(content)
        except OSError as error:
            log.error("a message cannot be kept beside the database: %s", error.strerror)
            body.close()
            return replies.NOT_STORED
        return None

    async def _capture(self, body: BodyWriter) -> Reply:
        """Store the message; whatever becomes of the client, the body's memory is free only after the commit."""
        dialogue, id = self._dialogue, new_id()
        reply = replies.queued(id)
        capture = self._make_capture(id, reply, body)
        stored = dialogue.host.capture(capture)
        self._body = None
        stored.add_done_callback(lambda _: body.close())
        dialogue.busy = True
        try:
            await asyncio.shield(stored)
        except StoreError as error:
            log.error("%s", error)
            return replies.NOT_STORED
        finally:
            dialogue.busy = False
        dialogue.captured_one()
        if log.isEnabledFor(logging.INFO):
            log.info("%s", _told(capture, body.size))
        return reply

    def _make_capture(self, id: str, reply: Reply, body: BodyWriter) -> Capture:
        assert self.sender is not None
        envelope = Envelope(self.sender.address, tuple(self._recipients), self.sender.parameters)
        # The reply belongs to the story, and the story is kept only if the reply is sent.
        transcript = (*self._dialogue.transcript.lines(), f"S: {reply}")
        return Capture(id, now(), envelope, self._dialogue.facts(), transcript, body.content())


def _told(capture: Capture, size: int) -> str:
    """The capture as one line on the console, however many recipients it has and whatever they hold."""
    recipients = capture.envelope.recipients
    shown = ", ".join(_printable(one.address) for one in recipients[:_SHOWN_RECIPIENTS])
    if len(recipients) > _SHOWN_RECIPIENTS:
        shown += f" and {len(recipients) - _SHOWN_RECIPIENTS} more"
    return f"captured {capture.id} from {_printable(capture.envelope.sender) or '<>'} for {shown} ({size} bytes)"


def _printable(address: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in address[:_SHOWN])
