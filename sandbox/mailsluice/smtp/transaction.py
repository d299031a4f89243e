"""One message on its way in: MAIL, RCPT, then DATA or BDAT, until it is committed (RFC 5321 section 3.3, RFC 3030)."""

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Final

from mailsluice.capture import Capture, Envelope, Recipient, new_id, now
from mailsluice.errors import StoreError
from mailsluice.smtp import replies
from mailsluice.smtp.body import BodyWriter
from mailsluice.smtp.data import DotReader
from mailsluice.smtp.paths import MailPath, oddities_of, parse_path
from mailsluice.smtp.replies import Reply

if TYPE_CHECKING:
    from mailsluice.smtp.dialogue import Dialogue

log = logging.getLogger(__name__)

_CHUNK: Final = re.compile(r"([0-9]{1,19})(?:\s+(LAST))?", re.I)


class Transaction:
    """The envelope and body that a session is building."""

    __slots__ = ("_body", "_dialogue", "_recipients", "sender")

    def __init__(self, dialogue: "Dialogue") -> None:
        self.sender: MailPath | None = None
        self._dialogue = dialogue
        self._recipients: list[Recipient] = []
        self._body: BodyWriter | None = None  # what BDAT has brought so far

    def reset(self) -> None:
        """Forget envelope and body."""
        self.sender = None
        self._recipients = []
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
        if not dialogue.helo:
            dialogue.warn("the client sent MAIL before EHLO or HELO")
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
        dialogue = self._dialogue
        dialogue.transcript.server(replies.GO_AHEAD)
        dialogue.line.send(f"{replies.GO_AHEAD}\r\n".encode())
        body = BodyWriter(dialogue.host.memory)
        try:
            refusal = await self._receive_dotted(body)
            dialogue.transcript.client(f"({body.size} bytes of message)")
            return refusal or await self._capture(body)
        except BaseException:
            body.close()
            raise
        finally:
            self.reset()

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
            self.reset()
            await self._skip(size)
            return replies.too_large(limit)
        refusal = await self._receive_counted(body, size)
        if refusal is not None:
            self.reset()
            return refusal
        self._dialogue.transcript.client(f"({size} bytes of message)")
        if not is_last:
            return replies.OK
        try:
            self._body = None
            return await self._capture(body)
        except BaseException:
            body.close()
            raise
        finally:
            self.reset()

    async def skip_chunk(self, argument: str) -> None:
        """Drop the bytes of a BDAT that is refused; one whose size nobody knows ends the session."""
        match = _CHUNK.fullmatch(argument)
        if match is None:
            self._dialogue.close_with(replies.CHUNK_SYNTAX)
        else:
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
        for oddity in (*path.oddities, *oddities_of(path, verb, extended=self._dialogue.extended)):
            self._dialogue.warn(oddity)

    async def _receive_dotted(self, body: BodyWriter) -> Reply | None:
        """Read to the end of the message, whatever happens on the way; the refusal, if it cannot be kept."""
        reader, refusal, inflow = DotReader(), None, self._dialogue.line.inflow
        deadline = asyncio.get_running_loop().time() + self._dialogue.host.limits.data_timeout
        while not reader.ended:
            content = reader.feed(await self._piece(deadline, body))
            if refusal is None:
                refusal = self._keep(body, content)
        if reader.rest:
            inflow.give_back(reader.rest)
        return refusal

    async def _receive_counted(self, body: BodyWriter, size: int) -> Reply | None:
        refusal = None
        deadline = asyncio.get_running_loop().time() + self._dialogue.host.limits.data_timeout
        while size:
            piece = await self._piece(deadline, body, limit=size)
            size -= len(piece)
            if refusal is None:
                refusal = self._keep(body, piece)
        return refusal

    async def _piece(self, deadline: float, body: BodyWriter, *, limit: int = 0) -> bytes:
        """The next bytes of a message; a peer that is too slow, or gone, ends the session with the reason noted."""
        dialogue = self._dialogue
        left = deadline - asyncio.get_running_loop().time()
        dialogue.line.touch(min(dialogue.host.limits.idle_timeout, left))
        try:
            return await dialogue.line.inflow.piece(limit)
        except (EOFError, asyncio.CancelledError):
            dialogue.end_with(f"the connection ended in the middle of a message, after {body.size} bytes")
            raise

    async def _skip(self, size: int) -> None:
        """Drop bytes; more than a message may have are not waited for."""
        limits = self._dialogue.host.limits
        if size > limits.max_message_size:
            self._dialogue.close_with(replies.too_large(limits.max_message_size))
        deadline = asyncio.get_running_loop().time() + limits.data_timeout
        while size:
            self._dialogue.line.touch(min(limits.idle_timeout, deadline - asyncio.get_running_loop().time()))
            size -= len(await self._dialogue.line.inflow.piece(size))

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
        stored = dialogue.host.capture(self._make_capture(id, reply, body))
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
        return reply

    def _make_capture(self, id: str, reply: Reply, body: BodyWriter) -> Capture:
        assert self.sender is not None
        envelope = Envelope(self.sender.address, tuple(self._recipients), self.sender.parameters)
        # The reply belongs to the story, and the story is kept only if the reply is sent.
        transcript = (*self._dialogue.transcript.lines(), f"S: {reply}")
        return Capture(id, now(), envelope, self._dialogue.facts(), transcript, body.content())
