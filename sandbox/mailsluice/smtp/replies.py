"""Replies of the listener: code, enhanced code and a text that says what to do (RFC 5321 section 4.2, RFC 3463)."""

from typing import Final, NamedTuple


class Reply(NamedTuple):
    """One reply line: `250 2.0.0 Ok`."""

    code: int
    enhanced: str
    text: str

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}"


OK: Final = Reply(250, "2.0.0", "Ok")
SENDER_OK: Final = Reply(250, "2.1.0", "Ok")
RECIPIENT_OK: Final = Reply(250, "2.1.5", "Ok")
BYE: Final = Reply(221, "2.0.0", "Bye")
SHUTTING_DOWN: Final = Reply(421, "4.3.2", "Mailsluice is shutting down, try again later")
IDLE: Final = Reply(421, "4.4.2", "No command for too long, closing the connection")
FAULT: Final = Reply(451, "4.3.0", "Internal fault, the message was not kept: try again, and see the server's console")
NOT_STORED: Final = Reply(452, "4.3.1", "The message could not be stored, see the server's console: try again later")
TOO_LONG_LINE: Final = Reply(500, "5.5.2", "Command line too long")
NOT_A_COMMAND: Final = Reply(500, "5.5.2", "Command not recognized")
NOT_SMTP: Final = Reply(554, "5.5.1", "This port speaks SMTP, not HTTP: the web inbox has a port of its own")
SAY_HELLO_FIRST: Final = Reply(503, "5.5.1", "Send EHLO first")
NEED_MAIL: Final = Reply(503, "5.5.1", "Send MAIL first")
NEED_RECIPIENT: Final = Reply(503, "5.5.1", "Send RCPT first: no recipient was accepted")
NESTED_MAIL: Final = Reply(503, "5.5.1", "MAIL was sent already: finish with DATA or start over with RSET")
HELLO_SYNTAX: Final = Reply(501, "5.5.4", "Write EHLO and the name of your host")
MAIL_SYNTAX: Final = Reply(501, "5.5.4", "Write MAIL FROM:<address>")
RECIPIENT_SYNTAX: Final = Reply(501, "5.5.4", "Write RCPT TO:<address>")
NO_ARGUMENT: Final = Reply(501, "5.5.4", "This command takes no argument")
BAD_SENDER: Final = Reply(553, "5.1.7", "The sender's address cannot be read: write MAIL FROM:<name@domain>")
BAD_RECIPIENT: Final = Reply(553, "5.1.3", "The recipient's address cannot be read: write RCPT TO:<name@domain>")
BAD_SIZE: Final = Reply(501, "5.5.4", "SIZE takes a number of bytes")
NO_VERIFY: Final = Reply(252, "2.1.5", "Every address is accepted here, none is verified")
NOT_IMPLEMENTED: Final = Reply(502, "5.5.1", "Command not implemented")


def too_large(limit: int) -> Reply:
    """The message exceeds the limit (bytes)."""
    return Reply(552, "5.3.4", f"Message larger than {limit} bytes: send less, or raise --max-message-size")


def queued(id: str) -> Reply:
    """The message is committed under this id."""
    return Reply(250, "2.0.0", f"Ok: queued as {id}")
