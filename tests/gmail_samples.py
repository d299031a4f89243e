"""What Gmail said on the wire, verbatim, as GMAIL.md (sections 1 and 2.1) has it; `<id>` stands for the session's id.

A table is read by `samples`: what asks for the reply stands at the margin, the reply's lines are indented.
Lines of which that document has only a part end as their neighbours do.
"""

EHLO_BEFORE_TLS = """\
250-smtp.gmail.com at your service, [127.0.0.1]
250-SIZE 35882577
250-8BITMIME
250-STARTTLS
250-ENHANCEDSTATUSCODES
250-PIPELINING
250-CHUNKING
250 SMTPUTF8"""
EHLO_WITHIN_TLS = EHLO_BEFORE_TLS.replace("STARTTLS", "AUTH LOGIN PLAIN XOAUTH2 PLAIN-CLIENTTOKEN OAUTHBEARER XOAUTH")

USERS = """
badcredentials
    535-5.7.8 Username and Password not accepted. For more information, go to
    535 5.7.8  https://support.google.com/mail/?p=BadCredentials <id> - gsmtp

secondfactor
    534-5.7.9 Application-specific password required. For more information, go to
    534 5.7.9  https://support.google.com/mail/?p=InvalidSecondFactor <id> - gsmtp

challenged
    534-5.7.9 Please log in with your web browser and then try again. For more
    534-5.7.9 information, go to
    534 5.7.9  https://support.google.com/mail/?p=WebLoginRequired <id> - gsmtp

manylogins
    454 4.7.0 Too many login attempts, please try again later. <id> - gsmtp

temporary
    454 4.7.0 Cannot authenticate due to temporary system problem. Try again later. <id> - gsmtp

mechanism
    504 5.7.4 Unrecognized Authentication Type. <id> - gsmtp

xoauth
    504 5.7.4 XOAUTH is no longer supported <id> - gsmtp

argument
    535 5.5.4 Optional Argument not permitted for that AUTH mode. <id> - gsmtp

undecodable
    501 5.5.2 Cannot Decode response. <id> - gsmtp

wanttls
    530 5.7.0 Must issue a STARTTLS command first. <id> - gsmtp
"""

SENDERS = """
toobig
    552-5.3.4 Your message exceeded Google's message size limits. To view our
    552-5.3.4 message size guidelines, go to
    552 5.3.4  https://support.google.com/mail/?p=MaxSizeError <id> - gsmtp

wantauth
    530-5.7.0 Authentication Required. For more information, go to
    530 5.7.0  https://support.google.com/mail/?p=WantAuthError <id> - gsmtp

wantauth2025
    530-5.7.0 Authentication Required. For more information, go to
    530 5.7.0  https://support.google.com/accounts/troubleshooter/2402620. <id> - gsmtp

syntaxshort
    555 5.5.2 Syntax error. <id> - gsmtp

syntax
    555-5.5.2 Syntax error, cannot decode response. For more information, go to
    555-5.5.2  https://support.google.com/a/answer/3221692 and review RFC 5321
    555 5.5.2 specifications. <id> - gsmtp
"""

RECIPIENTS = """
nosuchuser
    550-5.1.1 The email account that you tried to reach does not exist. Please try
    550-5.1.1 double-checking the recipient's email address for typos or unnecessary
    550-5.1.1 spaces. For more information, go to
    550 5.1.1  https://support.google.com/mail/?p=NoSuchUser <id> - gsmtp

nodomain
    553-5.1.2 We weren't able to find the recipient domain. Please check for any
    553-5.1.2 spelling errors, and make sure you didn't enter any spaces, periods,
    553 5.1.2 or other punctuation after the recipient's email address. <id> - gsmtp

toomany
    452-4.5.3 Your message has too many recipients. For more information regarding
    452-4.5.3 Google's sending limits, go to
    452 4.5.3  https://support.google.com/mail/?p=TooManyRecipientsError <id> - gsmtp

tlsrequired
    421 4.7.0 TLS required for RCPT domain <id> - gsmtp

notlisted
    421 4.7.0 IP not in whitelist for RCPT domain <id> - gsmtp

busy
    421 4.4.5 Server busy <id> - gsmtp

expired
    421 4.7.0 Connection expired, try reconnecting <id> - gsmtp

timeout
    451 4.4.2 Timeout - closing connection. <id> - gsmtp

rejectednow
    451 4.3.0 Mail server temporarily rejected message. <id> - gsmtp

violation
    451 4.5.0 SMTP protocol violation, see RFC 2821. <id> - gsmtp
"""

DATA = """
quota
    550-5.4.5 Daily user sending limit exceeded. For more information on Gmail
    550-5.4.5 sending limits go to
    550 5.4.5  https://support.google.com/a/answer/166852 <id> - gsmtp

throttle
    421 4.3.0 Temporary System Problem. Try again later (10). <id> - gsmtp
"""

MESSAGES = """
blocked
    552-5.7.0 This message was blocked because its content presents a potential
    552-5.7.0 security issue. To review our message content and attachment content
    552-5.7.0 guidelines, go to
    552 5.7.0 https://support.google.com/mail/?p=BlockedMessage <id> - gsmtp

malformed
    554 5.6.0 Mail message is malformed. Not accepted. <id> - gsmtp

loop
    554-5.4.6 Message exceeded 50 hops, this may indicate a mail loop. For more
    554-5.4.6 information, go to
    554 5.4.6  https://support.google.com/mail/?p=MailLoop <id> - gsmtp
"""

FIRST_COMMANDS = """
EHLO gmail.com, vchew67
    501-5.5.4 HELO/EHLO argument "gmail.com, vchew67" invalid, closing connection.
    501 5.5.4  https://support.google.com/mail/?p=helo <id> - gsmtp

EHLO ${APP_DOMAIN}
    501-5.5.4 HELO/EHLO argument "${APP_DOMAIN}" invalid, closing connection.
    501 5.5.4  https://support.google.com/mail/?p=helo <id> - gsmtp

EHLO
    501-5.5.4 Empty HELO/EHLO argument not allowed, closing connection.
    501 5.5.4  https://support.google.com/mail/?p=helo <id> - gsmtp

EHLO throttled.example
    421-4.7.0 Try again later, closing connection. (EHLO)
    421-4.7.0 For more information, go to
    421 4.7.0  https://support.google.com/a/answer/3221692 <id> - gsmtp

HELO app.example
    250 smtp.gmail.com at your service

NOOP
    250 2.0.0 OK <id> - gsmtp

RSET
    250 2.1.5 Flushed <id> - gsmtp

VRFY anybody
    252 2.1.5 Send some mail, I'll try my best <id> - gsmtp

EHELLO x
    502 5.5.1 Unrecognized command. <id> - gsmtp

EXPN all
    502 5.5.1 Unimplemented command. <id> - gsmtp

QUIT
    221 2.0.0 closing connection <id> - gsmtp

MAIL FROM:<a@b.example>
    503-5.5.1 EHLO/HELO first. A mail transaction protocol command was issued out of
    503-5.5.1 sequence. For more information, go to
    503-5.5.1  https://support.google.com/a/answer/3221692 and review RFC 5321
    503 5.5.1 specifications. <id> - gsmtp
"""

AFTER_AUTH = """
RCPT TO:<a@b.example>
    503-5.5.1 MAIL first. A mail transaction protocol command was issued out of
    503-5.5.1 sequence. For more information, go to
    503-5.5.1  https://support.google.com/a/answer/3221692 and review RFC 5321
    503 5.5.1 specifications. <id> - gsmtp

MAIL FROM:<Ada <ada@gmail.com>>
    555-5.5.2 Syntax error, cannot decode response. For more information, go to
    555-5.5.2  https://support.google.com/a/answer/3221692 and review RFC 5321
    555 5.5.2 specifications. <id> - gsmtp

MAIL FROM:<>
    555-5.5.2 Syntax error, cannot decode response. For more information, go to
    555-5.5.2  https://support.google.com/a/answer/3221692 and review RFC 5321
    555 5.5.2 specifications. <id> - gsmtp

MAIL FROM:<c>
    553-5.1.7 The sender address <c> is not a valid RFC 5321 address. For more
    553-5.1.7 information, go to
    553-5.1.7  https://support.google.com/a/answer/3221692 and review RFC 5321
    553 5.1.7 specifications. <id> - gsmtp

MAIL FROM:<a@b.example> SIZE=35882577
    250 2.1.0 OK <id> - gsmtp

MAIL FROM:<a@b.example> SIZE=35882578
    552-5.3.4 Your message exceeded Google's message size limits. To view our
    552-5.3.4 message size guidelines, go to
    552 5.3.4  https://support.google.com/mail/?p=MaxSizeError <id> - gsmtp

AUTH PLAIN AGEAYg==
    503 5.7.0 No identity changes permitted. <id> - gsmtp

STARTTLS
    454 5.5.1 STARTTLS may not be repeated. <id> - gsmtp
"""

AFTER_MAIL = """
RCPT TO:<c>
    553-5.1.3 The recipient address <c> is not a valid RFC 5321 address. For more
    553-5.1.3 information, go to
    553-5.1.3  https://support.google.com/a/answer/3221692 and review RFC 5321
    553 5.1.3 specifications. <id> - gsmtp

RCPT TO:<atde123$$.com>
    553-5.1.3 The recipient address <atde123$$.com> is not a valid RFC 5321 address.
    553-5.1.3 For more information, go to
    553-5.1.3  https://support.google.com/a/answer/3221692 and review RFC 5321
    553 5.1.3 specifications. <id> - gsmtp

DATA
    503-5.5.1 RCPT first. A mail transaction protocol command was issued out of
    503-5.5.1 sequence. For more information, go to
    503-5.5.1  https://support.google.com/a/answer/3221692 and review RFC 5321
    503 5.5.1 specifications. <id> - gsmtp
"""
