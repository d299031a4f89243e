"""What can go wrong on the way to a smarthost, in words; `{host}`, `{port}` and `{issuer}` are filled in."""

from collections.abc import Mapping
from typing import Final, NamedTuple


class Trouble(NamedTuple):
    """One cause: its meaning, what to do (on some ports something else), and the seconds before a retry by itself."""

    meaning: str
    remedy: str
    retry_after: int | None = None
    kind: str = "network"
    remedy_by_port: Mapping[int, str] = {}


_TRY_465: Final = "Try port 465 with TLS, or another network; providers and firewalls often block single ports."
_TRY_587: Final = "Try port 587 with STARTTLS, or another network; providers and firewalls often block single ports."
_BLOCKED: Final = {
    25: "Use port 587: most providers block port 25 for everybody.",
    465: _TRY_587,
    587: _TRY_465,
}
_CA_FILE: Final = "give its CA file in the profile"

TROUBLES: Final[dict[str, Trouble]] = {
    "unknown-name": Trouble(
        "No server called {host} can be found from here.",
        "Look for a spelling error in the host; if it is right, check the network or VPN of this machine.",
    ),
    "no-resolver": Trouble(
        "The name {host} could not be looked up: no name server answered.", "Check your network connection.", 30
    ),
    "refused": Trouble(
        "{host} answers, but refuses connections on port {port}.",
        "Check the port: 587 for STARTTLS, 465 for TLS.",
        30,
    ),
    "unreachable": Trouble(
        "There is no way from here to {host}.", "Check your network connection, VPN and firewall.", 30
    ),
    "timeout": Trouble(
        "{host} did not answer on port {port} in time; the port is probably blocked on the way.",
        "Try another network, or ask your provider or administrator about port {port}.",
        30,
        remedy_by_port=_BLOCKED,
    ),
    "v6-black-hole": Trouble(
        "Over IPv6 {host} does not answer, over IPv4 it does: IPv6 is broken on the way.",
        "Nothing needs to be done, IPv4 is used; repair or switch off IPv6 to save the wait.",
    ),
    "silent": Trouble(
        "{host} took the connection on port {port} but said nothing.",
        "Check port and security: 587 with STARTTLS, 465 with TLS; a proxy or firewall may also hold the connection.",
        30,
    ),
    "stalled": Trouble("{host} stopped answering in the middle.", "Try again; if it stays, try another network.", 30),
    "tls-on-plain-port": Trouble(
        "Port {port} of {host} does not begin with TLS.",
        "Set the security to auto or STARTTLS for this port, or use port 465 with TLS.",
        kind="protocol",
    ),
    "plain-on-tls-port": Trouble(
        "Port {port} of {host} begins with TLS, so there is no greeting before it.",
        "Set the security to auto or TLS for this port, or use port 587 with STARTTLS.",
        kind="protocol",
    ),
    "not-smtp": Trouble(
        "What answers on port {port} of {host} does not speak SMTP.",
        "Check host and port; 587 and 465 are for sending, others for reading mail or for the web.",
        kind="protocol",
    ),
    "closed": Trouble(
        "{host} closed the connection in the middle.",
        "Try again; if it stays, check port and security: 587 with STARTTLS, 465 with TLS.",
        30,
    ),
    "no-starttls": Trouble(
        "{host} does not offer STARTTLS on port {port}, so nothing was sent; somebody in between may have removed it.",
        "Use port 465 with TLS, or another network.",
        kind="protocol",
    ),
    "in-the-clear": Trouble(
        "The connection to {host} is not encrypted, so the password was not sent.",
        "Set the security to auto; without encryption only a server on this computer is used.",
        kind="protocol",
    ),
    "no-auth": Trouble(
        "{host} does not offer a sign-in with a password (AUTH PLAIN).",
        "Check host and port; or leave the user empty if this server wants no sign-in.",
        kind="auth",
    ),
    "no-password": Trouble(
        "There is no password for this server and user: none was given, or the profile was changed since.",
        "Enter the password again.",
        kind="auth",
    ),
    "expired": Trouble(
        "The certificate of {host} has expired, or this computer's clock is wrong.",
        "Check the clock; if it is right, only the server's administrator can help.",
    ),
    "not-yet-valid": Trouble(
        "The certificate of {host} is not valid yet, so this computer's clock is probably wrong.", "Set the clock."
    ),
    "wrong-name": Trouble(
        "The certificate shown on port {port} belongs to another name than {host}.",
        "Check the host's spelling; if it is right, somebody in between answers, so try another network.",
    ),
    "unknown-issuer": Trouble(
        "The certificate of {host} was signed by {issuer}, whom this computer does not trust.",
        f"If an antivirus or a proxy of your company opens TLS, switch that off for {{host}} or {_CA_FILE}; "
        "if this is your own server, give the CA file of its certificate.",
    ),
    "intercepted": Trouble(
        "The certificate shown for {host} was signed by {issuer}: an antivirus or a proxy opens the encryption.",
        f"Switch off its scan of outgoing mail (TLS) for {{host}}, or if you trust it, {_CA_FILE}.",
    ),
    "tls": Trouble(
        "{host} and this computer could not agree on TLS.",
        "Check port and security: 587 with STARTTLS, 465 with TLS; a proxy or an old server may also be the cause.",
    ),
    "ca-file": Trouble(
        "The CA file of the profile cannot be read, or holds no certificate in PEM form.",
        "Correct its path in the profile.",
        kind="protocol",
    ),
    "forbidden-address": Trouble(
        "{host} is a link-local or metadata address, and Mailsluice never dials those.",
        "Enter the real name of the mail server.",
        kind="policy",
    ),
    "ourselves": Trouble(
        "{host}:{port} is this Mailsluice itself, which would only capture the mail again.",
        "Enter the real mail server in the profile.",
        kind="policy",
    ),
    "unknown-outcome": Trouble(
        "The connection to {host} ended after the whole message was sent and before the answer: nobody knows whether "
        "it was taken.",
        "Look into the Sent folder of the account, and send again only if it is not there.",
    ),
    "unknown": Trouble(
        "The connection to {host} failed for a reason that is not known.",
        "Try again; if it stays, please report it with the transcript.",
    ),
}
