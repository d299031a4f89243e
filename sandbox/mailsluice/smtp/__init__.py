"""The capturing listener: takes what apps send, believes nothing of it, and keeps what was said.

`listener` has the sockets and the sessions' lifetime; `protocol` is the connection and the only module that knows
aiosmtpd; `inflow` is what arrives on it. `dialogue` reads commands and answers; those that say who the client is are in
`identity` (with `auth` and `tls`), those that bring a message in `transaction` (with `paths`, `data`, `lines`, `body`).
`transcript` is the dialogue with secrets masked, `notes` what else is kept of a session, `limits` every bound.
"""
