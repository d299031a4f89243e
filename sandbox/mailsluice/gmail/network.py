"""Trouble before SMTP speaks, or instead of it, in words for a person; facts come in as plain data, no sockets here."""

import errno
import re
from collections.abc import Callable, Iterator
from typing import Final

from mailsluice.gmail.replies import is_google
from mailsluice.gmail.troubles import TROUBLES, Trouble
from mailsluice.gmail.verdict import Stage, Verdict

_NO_RESOLVER: Final = {-3, 2, 11002}  # EAI_AGAIN on Linux, on macOS, and Windows' word for it
_UNREACHABLE: Final = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM}
_CERTIFICATE: Final = {  # X509_V_ERR_… of OpenSSL
    9: "not-yet-valid",
    10: "expired",
    18: "unknown-issuer",
    19: "unknown-issuer",
    20: "unknown-issuer",
    21: "unknown-issuer",
    62: "wrong-name",
    64: "wrong-name",
}
_SPOKE_PLAINLY: Final = {"WRONG_VERSION_NUMBER", "UNKNOWN_PROTOCOL", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG"}
_BY_NAME: Final = {
    "SMTPServerDisconnected": "closed",
    "SMTPConnectTimeoutError": "timeout",
    "SMTPReadTimeoutError": "timeout",
    "SMTPTimeoutError": "timeout",
    "NotSmtp": "not-smtp",
    "InTheClear": "in-the-clear",
    "SMTPResponseException": "not-smtp",
    "IncompleteReadError": "closed",
    "UnicodeError": "unknown-name",
}
_INSPECTORS: Final = re.compile(
    r"avast|\bavg\b|kaspersky|\beset\b|bitdefender|norton|mcafee|trend micro|dr\.?web|sophos|zscaler|netskope|fortinet"
    r"|fortigate|palo alto|umbrella|blue ?coat|symantec web|untangle|mitmproxy|fiddler|charles proxy|adguard",
    re.IGNORECASE,
)
_TIMEOUTS: Final = {
    Stage.NAME: "no-resolver",
    Stage.CONNECT: "timeout",
    Stage.GREETING: "silent",
    Stage.TLS: "silent",
}
_NO_NAME: Final = "somebody unknown"


def explain(
    error: BaseException | str, *, stage: Stage, host: str, port: int, security: str = "", issuer: str = ""
) -> Verdict:
    """Say what this error means: an exception (its causes are looked through), or one of the kinds in `TROUBLES`.

    `security` is what was tried (starttls, tls, plain), `issuer` names who signed the certificate that was shown, if
    that is known. Nothing that the server said is repeated.
    """
    kind = error if isinstance(error, str) else _kind_of(error, stage=stage, port=port, security=security)
    if kind == "unknown-issuer" and interceptor(issuer, host=host):
        kind = "intercepted"
    trouble = TROUBLES.get(kind, TROUBLES["unknown"])
    facts = {"host": host, "port": port, "issuer": _one_line(issuer) or _NO_NAME}
    return Verdict(
        trouble.kind,
        trouble.meaning.format_map(facts),
        _remedy(trouble, port).format_map(facts),
        retry_after=trouble.retry_after,
        cause=kind if kind in TROUBLES else "unknown",
    )


def interceptor(issuer: str, *, host: str) -> str:
    """The issuer's name if it shows an antivirus or a proxy that opens TLS, else an empty text.

    Google's servers are signed by Google Trust Services, so any other issuer there is somebody in between.
    """
    if not issuer:
        return ""
    foreign = is_google(host) and not re.search(r"google|\bgts\b", issuer, re.IGNORECASE)
    return _one_line(issuer) if foreign or _INSPECTORS.search(issuer) else ""


def _kind_of(error: BaseException, *, stage: Stage, port: int, security: str) -> str:
    kinds = [kind for one in _chain(error) for ask in _QUESTIONS if (kind := ask(one))]
    kind = next((kind for kind in kinds if kind not in ("closed", "timeout")), kinds[0] if kinds else "unknown")
    if stage is Stage.MESSAGE:
        return "unknown-outcome"
    if kind == "not-tls":
        return "tls-on-plain-port" if security == "tls" else "tls"
    # A port that begins with TLS keeps silent, or hangs up, before a client that waits for its greeting.
    waits = stage is Stage.GREETING and security in ("starttls", "plain") and port in (465, 2465)
    if waits and kind in ("closed", "timeout", "not-smtp"):
        return "plain-on-tls-port"
    return _TIMEOUTS.get(stage, "stalled") if kind == "timeout" else kind


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__


def _names(error: BaseException) -> set[str]:
    return {one.__name__ for one in type(error).__mro__}


def _by_certificate(error: BaseException) -> str:
    if "SSLCertVerificationError" not in _names(error):
        return ""
    return _CERTIFICATE.get(getattr(error, "verify_code", 0), "unknown-issuer")


def _by_tls(error: BaseException) -> str:
    names = _names(error)
    if "SSLEOFError" in names or "SSLZeroReturnError" in names:
        return "closed"
    if "SSLError" not in names:
        return ""
    return "not-tls" if getattr(error, "reason", "") in _SPOKE_PLAINLY else "tls"


def _by_system(error: BaseException) -> str:
    names, number = _names(error), getattr(error, "errno", None)
    if "gaierror" in names:
        return "no-resolver" if number in _NO_RESOLVER else "unknown-name"
    if "ConnectionRefusedError" in names:
        return "refused"
    if names & {"ConnectionResetError", "BrokenPipeError", "ConnectionAbortedError", "EOFError"}:
        return "closed"
    if "TimeoutError" in names:
        return "timeout"
    return "unreachable" if "OSError" in names and number in _UNREACHABLE else ""


def _by_library(error: BaseException) -> str:
    return next((_BY_NAME[one.__name__] for one in type(error).__mro__ if one.__name__ in _BY_NAME), "")


_QUESTIONS: Final[tuple[Callable[[BaseException], str], ...]] = (_by_certificate, _by_tls, _by_system, _by_library)


def _remedy(trouble: Trouble, port: int) -> str:
    return trouble.remedy_by_port.get(port, trouble.remedy)


def _one_line(text: str) -> str:
    """A stranger's words, fit to be shown."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:200]).split())
