"""A fake Gmail on loopback: its submission service, as public sources record it, and the mailboxes behind.

    async with FakeGmail() as gmail:
        gmail.add_account("ada@gmail.com", app_password="abcd efgh ijkl mnop")
        ...  # connect to gmail.host, gmail.starttls_port (587) or gmail.tls_port (465), trusting gmail.ca_file
        (message,) = gmail.delivered
        message.raw, message.rewritten, gmail.mailbox("ada@gmail.com"), gmail.log, gmail.auth_attempts

`in_thread()` is the same for clients that block; `python -m tests.gmail` for other programs. `Knobs` says what may be
turned, `gmail.fail_next("data", replies.DAILY_LIMIT)` what comes next. A client that sends AUTH before TLS is answered
530, and the end of the `async with` fails. From another thread `gmail.wait_for("stall")` waits for what happens, and
`gmail.hold_next("message")` keeps an answer back until `gmail.let_go()`.

A client that only speaks SMTP asks by names for what it wants to meet. The name is the local part of an address,
`quota@any.example` or `quota+7@any.example`, and the first label of an EHLO name, `throttled.any.example`.

Recipients refused at RCPT
    nosuchuser 550-5.1.1; nodomain 553-5.1.2; badrecipient 553-5.1.3; syntax 555-5.5.2; syntaxshort 555 5.5.2;
    toomany 452-4.5.3; onebyone 452-4.5.3 of a domain's policy; prohibited 550-5.7.1 of a policy;
    tlsrequired, notlisted 421 4.7.0; busy 421 4.4.5; expired 421 4.7.0; timeout 451 4.4.2; rejectednow 451 4.3.0;
    violation 451 4.5.0
Recipients for whose sake DATA is refused
    quota 550-5.4.5; throttle 421 4.3.0 (10); temporary 421 4.7.0
Recipients for whose sake the message is refused after the dot
    toobig 552-5.3.4; bigheader 552-5.3.4; blocked 552-5.7.0; malformed 554 5.6.0; loop 554-5.4.6;
    unsolicited 550-5.7.1; noncompliant 550-5.7.1; adminrule 550 5.7.1 with gcdp;
    dropped: taken, and the connection cut; lost: not taken, and cut; stalled: no answer
Recipients that are accepted and bounce into the sender's inbox
    bounce 550-5.1.1; full 552-5.2.2; disabled 550-5.2.1
Envelope senders, refused at MAIL
    badsender 553-5.1.7; syntax 555-5.5.2; syntaxshort 555 5.5.2; toobig 552-5.3.4; wantauth 530-5.7.0;
    wantauth2025 530-5.7.0 without a ?p= token; wanttls 530 5.7.0; sequence 503-5.5.1
User names that are no accounts, at AUTH with any password
    badcredentials, revoked 535-5.7.8; secondfactor 534-5.7.9; challenged 534-5.7.9; challenged2014 534-5.7.14;
    manylogins 454 4.7.0; manyloginslong 454-4.7.0; temporary 454 4.7.0; mechanism, xoauth 504 5.7.4;
    argument 535 5.5.4; undecodable 501 5.5.2; wanttls 530 5.7.0; dropped: cut; stalled: no answer
EHLO names
    throttled 421-4.7.0; temporary 421 4.7.0; dropped: cut; stalled: no answer
"""

from tests.gmail.accounts import Account
from tests.gmail.fake import FakeGmail, in_thread
from tests.gmail.knobs import Knobs
from tests.gmail.mailboxes import Copy, Delivered
from tests.gmail.replies import DROP, STALL
from tests.gmail.service import Event

__all__ = ["DROP", "STALL", "Account", "Copy", "Delivered", "Event", "FakeGmail", "Knobs", "in_thread"]
