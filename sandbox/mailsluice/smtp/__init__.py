"""The capturing listener: takes what apps send, believes nothing of it, and keeps what was said.

`protocol` is the dialogue and the only module that knows aiosmtpd; `data` reads a message up to CRLF.CRLF; `body` keeps
it in memory or in a file; `paths` reads MAIL and RCPT arguments; `transcript` keeps the dialogue with secrets masked;
`listener` has the sockets and the sessions' lifetime.
"""
