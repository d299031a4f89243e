"""MAIL, RCPT, DATA and BDAT: one message at a time, as Gmail's submission takes it."""

import re
from typing import TYPE_CHECKING

from tests.gmail import replies
from tests.gmail.content import refusal as content_refusal
from tests.gmail.replies import DROP
from tests.gmail.rewrite import Submission
from tests.gmail.triggers import LOST, RECIPIENTS, SENDERS, trigger
from tests.gmail.wire import Hangup

if TYPE_CHECKING:
    from tests.gmail.session import Session

_PATH = re.compile(r" ?<([^<>]*)>((?: +[^ <>]+)*) *")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`|~.\x80-\U0010ffff-]+"  # no braces: `${TO}` is a template that nobody filled in
_LABEL = r"[A-Za-z0-9\x80-\U0010ffff](?:[A-Za-z0-9\x80-\U0010ffff-]*[A-Za-z0-9\x80-\U0010ffff])?"
_ADDRESS = re.compile(rf'(?:{_ATOM}|"(?:[^"\\]|\\.)*")@(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Za-z:.]+\])')
_PARAMETERS = re.compile(r"SIZE=\d{1,20}|BODY=(?:7BIT|8BITMIME)|SMTPUTF8|AUTH=\S+", re.I)


class Transaction:
    """The message that a session is about to send."""

    def __init__(self, session: "Session") -> None:
        self._session = session
        self._service = session.service
        self.reset()

    def reset(self) -> None:
        """Forget sender, recipients and chunks."""
        self._sender: str | None = None
        self._parameters: tuple[str, ...] = ()
        self._recipients: list[str] = []
        self._prepared: dict[str, str] = {}
        self._chunks: bytes | None = None

    @property
    def _utf8(self) -> bool:
        return any(word.upper() == "SMTPUTF8" for word in self._parameters)

    async def mail(self, argument: str) -> None:
        """MAIL FROM."""
        reply = self._session.out_of_turn() or self._service.failure("mail") or self._begin(argument)
        await self._session.say(reply)

    async def rcpt(self, argument: str) -> None:
        """RCPT TO."""
        reply = self._session.out_of_turn() or self._service.failure("rcpt") or self._add(argument)
        await self._session.say(reply)

    async def data(self, argument: str) -> None:
        """DATA and the message."""
        if refusal := await self._not_ready():
            await self._session.say(refusal)
            return
        if self._chunks is not None:
            await self._session.say(replies.NO_DATA_AFTER_BDAT)
            return
        await self._session.held("data")
        await self._session.say(replies.GO_AHEAD)
        if asked_for := self._service.failure("body"):
            await self._session.wire.pause()
            await self._session.say(asked_for)
            raise Hangup
        await self._finish(await self._session.wire.until_dot(self._service.knobs.size))

    async def bdat(self, argument: str) -> None:
        """A chunk, and with LAST the end of the message."""
        chunk = re.fullmatch(r"(\d{1,18})( LAST)?", argument.upper())
        if chunk is None:
            await self._session.say(replies.SYNTAX)
            return
        limit = self._service.knobs.size
        content = await self._session.wire.exactly(int(chunk[1]), limit + 1)
        if refusal := await self._not_ready(first=self._chunks is None):
            await self._session.say(refusal)
            return
        self._chunks = ((self._chunks or b"") + content)[: limit + 1]
        if chunk[2]:
            await self._finish(self._chunks)
        else:
            await self._session.say(replies.OK)

    def _begin(self, argument: str) -> str:
        if self._sender is not None:
            return replies.out_of_sequence("Bad sequence of commands")
        path = _path("FROM:", argument)
        if path is None or not path[0]:
            return replies.SYNTAX
        address, parameters = path
        if not all(_PARAMETERS.fullmatch(parameter) for parameter in parameters):
            return replies.SYNTAX
        utf8 = any(word.upper() == "SMTPUTF8" for word in parameters)
        if not _ADDRESS.fullmatch(address) or not (address.isascii() or utf8):
            return replies.bad_sender(address)
        size = next((int(word[5:]) for word in parameters if word.upper().startswith("SIZE=")), 0)
        if size > self._service.knobs.size:
            return replies.TOO_BIG
        if refusal := trigger(SENDERS, address):
            return refusal
        self._sender, self._parameters = address, parameters
        return replies.SENDER_OK

    def _add(self, argument: str) -> str:
        if self._sender is None:
            return replies.out_of_sequence("MAIL first")
        path = _path("TO:", argument)
        if path is None or path[1]:
            return replies.SYNTAX
        address = path[0]
        if not _ADDRESS.fullmatch(address) or not (address.isascii() or self._utf8):
            return replies.bad_recipient(address)
        if len(self._recipients) >= self._service.knobs.recipients:
            return replies.MANY_RECIPIENTS
        stage, reply = trigger(RECIPIENTS, address) or ("", "")
        if stage == "rcpt":
            return reply
        if stage:
            self._prepared.setdefault(stage, reply)
        self._recipients.append(address)
        return replies.RECIPIENT_OK

    async def _not_ready(self, *, first: bool = True) -> str:
        if refusal := self._session.out_of_turn():
            return refusal
        if not self._recipients:
            return replies.out_of_sequence("MAIL first" if self._sender is None else "RCPT first")
        account = self._session.account
        assert account is not None
        if not first:
            return ""
        return (
            self._service.failure("data") or self._prepared.get("data") or self._service.refuse_to_start(account) or ""
        )

    async def _finish(self, raw: bytes) -> None:
        """Take the message or refuse it, and say so unless the connection is to die here."""
        service, session, knobs = self._service, self._session, self._service.knobs
        reply = service.failure("message") or self._prepared.get("message", "")
        if knobs.drop_after_dot and not reply:
            reply = DROP if knobs.dropped_is_delivered else LOST
        reply = reply or content_refusal(raw, knobs)
        session.note("message", f"{len(raw)} bytes to {len(self._recipients)}")
        if not reply or reply == DROP:
            reply = self._accept(raw, dropped=reply == DROP)
            await session.held("message")
        self.reset()
        await session.say(DROP if reply in (LOST, DROP) else reply)

    def _accept(self, raw: bytes, *, dropped: bool) -> str:
        session, account = self._session, self._session.account
        if account is None or self._sender is None:
            raise Hangup
        submission = Submission(
            raw=raw,
            account=account.address,
            default_from=account.default_from,
            identities=account.identities,
            recipients=tuple(self._recipients),
            session=session.id,
            helo=session.helo,
            peer=session.wire.peer,
            cipher=session.wire.cipher,
            time=self._service.clock(),
            utf8=self._utf8,
        )
        reply = replies.accepted(int(submission.time))
        said = "" if dropped else reply.replace("{sid}", session.id)
        self._service.accept(submission, sender=self._sender, parameters=self._parameters, reply=said)
        return DROP if dropped else reply


def _path(keyword: str, argument: str) -> tuple[str, tuple[str, ...]] | None:
    """Address and parameters of `FROM:<a@b> SIZE=1`; `None` when it is not of that form."""
    if not argument.upper().startswith(keyword):
        return None
    match = _PATH.fullmatch(argument[len(keyword) :])
    return (match[1], tuple(match[2].split())) if match else None
