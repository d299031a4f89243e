"""Replies of the listener: code, enhanced code and a text that says what to do (RFC 5321 section 4.2, RFC 3463)."""

from typing import Final

from mailsluice.reply import Reply

OK: Final = Reply(250, "2.0.0", "Ok")
SENDER_OK: Final = Reply(250, "2.1.0", "Ok")
RECIPIENT_OK: Final = Reply(250, "2.1.5", "Ok")
HELP: Final = Reply(214, "2.0.0", "EHLO MAIL RCPT DATA BDAT RSET NOOP QUIT AUTH STARTTLS, as in RFC 5321")
GO_AHEAD: Final = "354 End data with <CRLF>.<CRLF>"
START_TLS: Final = Reply(220, "2.0.0", "Ready to start TLS")
BYE: Final = Reply(221, "2.0.0", "Bye")
SHUTTING_DOWN: Final = Reply(421, "4.3.2", "Mailsluice is shutting down, try again later")
IDLE: Final = Reply(421, "4.4.2", "No command for too long, closing the connection")
TOO_SLOW: Final = Reply(421, "4.4.2", "The message took too long to arrive, closing the connection")
REPLIES_NOT_READ: Final = Reply(421, "4.4.2", "The replies were not read, closing the connection")
TOO_MANY_SESSIONS: Final = Reply(421, "4.3.2", "Too many sessions are open, try again later")
TOO_MANY_COMMANDS: Final = Reply(421, "4.7.0", "Too many commands without a message, closing the connection")
TOO_MANY_ERRORS: Final = Reply(421, "4.7.0", "Too many errors, closing the connection")
FAULT: Final = Reply(451, "4.3.0", "Internal fault, the message was not kept: try again, and see the server's console")
FAULT_WITHIN_MESSAGE: Final = Reply(421, "4.3.0", "Internal fault, the message was not kept: see the server's console")
NOT_STORED: Final = Reply(452, "4.3.1", "The message could not be stored, see the server's console: try again later")
TOO_LONG_LINE: Final = Reply(500, "5.5.2", "Command line too long")
NOT_A_COMMAND: Final = Reply(500, "5.5.2", "Command not recognized")
NOT_SMTP: Final = Reply(554, "5.5.1", "This port speaks SMTP, not HTTP: the web inbox has a port of its own")
NO_TLS_HERE: Final = Reply(554, "5.7.0", "This port does not begin with TLS: turn off SSL, or use STARTTLS if offered")
STARTTLS_FIRST: Final = Reply(530, "5.7.0", "TLS is required here: send STARTTLS first")
TLS_ALREADY: Final = Reply(503, "5.5.1", "TLS is active already")
TLS_NOT_AVAILABLE: Final = Reply(
    454, "4.7.0", "TLS is not available here: send without it, or start with --smtp-tls-cert"
)
CHUNKS_BEGAN: Final = Reply(503, "5.5.1", "BDAT has begun this message: finish it with BDAT, or start over with RSET")
CHUNK_SYNTAX: Final = Reply(501, "5.5.4", "Write BDAT, a number of bytes and perhaps LAST; closing the connection")
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


def too_many_recipients(limit: int) -> Reply:
    """The message has as many recipients as it may."""
    return Reply(452, "4.5.3", f"More than {limit} recipients: send the rest separately, or raise --max-recipients")


def envelope_too_large(limit: int) -> Reply:
    """The recipients together take more bytes than they may."""
    return Reply(452, "4.5.3", f"The recipients take more than {limit} bytes: send the rest separately")


def queued(id: str) -> Reply:
    """The message is committed under this id."""
    return Reply(250, "2.0.0", f"Ok: queued as {id}")
