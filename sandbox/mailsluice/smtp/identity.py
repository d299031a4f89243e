"""Who the client says it is and how it is reached: EHLO, HELO, STARTTLS, AUTH (RFC 5321, 3207, 4954)."""

from typing import TYPE_CHECKING, Final

from mailsluice.reply import Reply
from mailsluice.smtp import auth, replies
from mailsluice.smtp.inflow import LineTooLong
from mailsluice.smtp.transcript import MASK

if TYPE_CHECKING:
    from mailsluice.smtp.dialogue import Dialogue

HOSTNAME: Final = "localhost"


class Identity:
    """What the client has told about itself; TLS makes all of it forgotten."""

    __slots__ = ("_dialogue", "auth_seen", "extended", "helo", "user")

    def __init__(self, dialogue: "Dialogue") -> None:
        self.helo = ""
        self.extended = False
        self.user = ""
        self.auth_seen = False  # from then on a line that is no command may be a secret
        self._dialogue = dialogue

    async def say_helo(self, name: str) -> Reply | None:
        """HELO NAME."""
        self._dialogue.notes.warn("the client said HELO, not EHLO: it can use no extension, TLS and AUTH included")
        return self._greet(name, extended=False, words=(HOSTNAME,))

    async def say_ehlo(self, name: str) -> Reply | None:
        """EHLO NAME: the reply names every extension that may be used now."""
        host, is_private = self._dialogue.host, bool(self._dialogue.line.tls_name)
        words = [HOSTNAME, "PIPELINING", f"SIZE {host.limits.max_message_size}"]
        words += ["8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "CHUNKING"]
        if host.tls is not None and not is_private:
            words.append("STARTTLS")
        if is_private or not host.require_starttls:
            words.append(f"AUTH {' '.join(self._mechanisms())}")
        return self._greet(name, extended=True, words=tuple(words))

    async def start_tls(self, argument: str) -> Reply | None:
        """STARTTLS: what the client says next is private, and what it said before is forgotten."""
        dialogue = self._dialogue
        if argument:
            return replies.NO_ARGUMENT
        if dialogue.line.tls_name:
            return replies.TLS_ALREADY
        if dialogue.host.tls is None:
            return replies.TLS_NOT_AVAILABLE
        dialogue.say(str(replies.START_TLS))
        await dialogue.line.flush()
        if dialogue.line.inflow.discard():
            # RFC 3207 section 5: what came in the clear behind the command may be an attacker's.
            dialogue.hang_up("sent more behind STARTTLS before TLS began")
        await self.negotiate()
        return None

    async def negotiate(self) -> None:
        """Begin TLS and forget what was said in the clear; ends the session if the peer does not agree."""
        dialogue, context = self._dialogue, self._dialogue.host.tls
        assert context is not None
        try:
            await dialogue.line.start_tls(context)
        except OSError as error:
            dialogue.hang_up(f"TLS failed: {_reason(error)}")
        dialogue.transcript.note(f"(TLS began: {dialogue.line.tls_name})")
        dialogue.transaction.reset()
        self.helo, self.extended, self.user = "", False, ""

    async def authenticate(self, argument: str) -> Reply | None:
        """AUTH MECHANISM INITIAL-RESPONSE, and the questions and answers that belong to it."""
        dialogue = self._dialogue
        name, _, initial = argument.partition(" ")
        mechanism = name.upper() if name.isascii() else ""
        if not self.helo:
            return replies.SAY_HELLO_FIRST
        if not name:
            return auth.no_mechanism(self._mechanisms())
        if mechanism not in self._mechanisms():
            return auth.unknown_mechanism(self._mechanisms())
        if self.user:
            dialogue.notes.warn("the client authenticated more than once")
        if dialogue.transaction.sender is not None:
            dialogue.notes.warn("the client authenticated within a transaction, between MAIL and the message")
        outcome = await self._converse(auth.MECHANISMS[mechanism](), initial.strip().encode())
        if isinstance(outcome, Reply):
            return outcome
        if dialogue.host.credentials and not await dialogue.host.credentials.verify(outcome):
            return auth.WRONG
        self.user = outcome.user or "(no name)"
        return auth.ACCEPTED

    def _greet(self, name: str, *, extended: bool, words: tuple[str, ...]) -> Reply | None:
        if not name:
            return replies.HELLO_SYNTAX
        self._dialogue.transaction.reset()
        self.helo, self.extended = name, extended
        self._dialogue.say(*(f"250-{word}" for word in words[:-1]), f"250 {words[-1]}")
        return None

    def _mechanisms(self) -> tuple[str, ...]:
        return auth.VERIFIABLE if self._dialogue.host.credentials else tuple(auth.MECHANISMS)

    async def _converse(self, exchange: auth.Exchange, initial: bytes) -> "auth.Claim | Reply":
        dialogue, challenge = self._dialogue, next(exchange)
        while True:
            if initial:
                line, initial = initial, b""
            else:
                dialogue.say(auth.challenge_line(challenge))
                try:
                    line = await dialogue.line.inflow.line(dialogue.host.limits.max_command_size)
                except LineTooLong:
                    return replies.TOO_LONG_LINE
                dialogue.transcript.client(MASK)
            answer = auth.decode_answer(line)
            if isinstance(answer, Reply):
                return answer
            try:
                challenge = exchange.send(answer)
            except StopIteration as result:
                claim: auth.Claim = result.value
                return claim
            except ValueError:
                return auth.MALFORMED


def _reason(error: OSError) -> str:
    if isinstance(error, ConnectionResetError):
        return "the client left in the middle of the handshake; it may not trust the certificate"
    return str(getattr(error, "reason", None) or error.strerror or error)
