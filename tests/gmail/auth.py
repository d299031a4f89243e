"""AUTH: PLAIN, LOGIN, XOAUTH2 and OAUTHBEARER, none before TLS."""

import base64
import binascii
from typing import TYPE_CHECKING

from tests.gmail import replies
from tests.gmail.service import MASK

if TYPE_CHECKING:
    from tests.gmail.session import Session


class Undecodable(Exception):
    """Not base64, or not what the mechanism says."""


async def authenticate(session: "Session", argument: str) -> None:
    """Answer one AUTH command; credentials are never noted."""
    service = session.service
    mechanism, _, initial = argument.partition(" ")
    mechanism, initial = mechanism.upper(), initial.strip()
    session.note("command", f"AUTH {mechanism}{f' {MASK}' if initial else ''}")
    service.auth_attempts += 1
    if not session.tls:
        service.violations.append(f"AUTH {mechanism} before TLS in session {session.id}")
        await session.say(replies.WANT_TLS)
    elif refusal := session.out_of_turn(needs_account=False):
        await session.say(refusal)
    elif session.account is not None:
        await session.say(replies.NO_SECOND_AUTH)
    elif mechanism not in _MECHANISMS:
        await session.say(replies.NO_XOAUTH if mechanism == "XOAUTH" else replies.UNKNOWN_MECHANISM)
    else:
        try:
            await _MECHANISMS[mechanism](session, initial)
        except Undecodable:
            await session.say(replies.UNDECODABLE)


async def _plain(session: "Session", initial: str) -> None:
    words = _decoded(session, initial or await _asked(session, replies.ASK)).split("\0")
    if len(words) != 3:
        raise Undecodable
    await _judge(session, words[1], password=words[2])


async def _login(session: "Session", initial: str) -> None:
    if initial and not session.service.knobs.login_takes_argument:
        await session.say(replies.NO_ARGUMENT)
        return
    user = _decoded(session, initial or await _asked(session, replies.ASK_USER))
    password = _decoded(session, await _asked(session, replies.ASK_PASSWORD))
    await _judge(session, user, password=password)


async def _xoauth2(session: "Session", initial: str) -> None:
    fields = _decoded(session, initial or await _asked(session, replies.ASK)).split("\x01")
    user = next((field[5:] for field in fields if field.startswith("user=")), "")
    await _judge(session, user, token=_bearer(fields))


async def _oauthbearer(session: "Session", initial: str) -> None:
    fields = _decoded(session, initial or await _asked(session, replies.ASK)).split("\x01")
    user = next((word[2:] for word in fields[0].split(",") if word.startswith("a=")), "")
    await _judge(session, user, token=_bearer(fields))


_MECHANISMS = {"PLAIN": _plain, "LOGIN": _login, "XOAUTH2": _xoauth2, "OAUTHBEARER": _oauthbearer}


async def _judge(session: "Session", user: str, *, password: str = "", token: str = "") -> None:
    service = session.service
    service.keep_secret(password, token)
    reply, account = service.accounts.log_in(user, password=password, token=token, now=service.clock())
    if asked_for := service.failure("auth"):
        reply, account = asked_for, None
    if token and reply == replies.BAD_CREDENTIALS:
        await _asked(session, replies.TOKEN_REFUSED)  # the client's empty line, or AQ== of OAUTHBEARER
    if account is not None:
        session.log_in(account)
    await session.say(reply)


async def _asked(session: "Session", challenge: str) -> str:
    await session.say(challenge)
    answer = await session.line()
    session.note("command", MASK if answer else "")
    return answer


def _decoded(session: "Session", text: str) -> str:
    session.service.keep_secret(text)
    try:
        return base64.b64decode("" if text == "=" else text, validate=True).decode()
    except (binascii.Error, ValueError):
        raise Undecodable from None


def _bearer(fields: list[str]) -> str:
    token = next((field[5:] for field in fields if field.startswith("auth=")), "")
    scheme, _, value = token.partition(" ")
    if scheme.lower() != "bearer" or not value:
        raise Undecodable
    return value
