-- Messages as lists need them; everything large or rarely read lies in `source` and `chunk`.
-- AUTOINCREMENT: a key is never used again, so nothing stale can point to newer mail.
CREATE TABLE message (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    mailbox TEXT NOT NULL DEFAULT '',
    session TEXT NOT NULL,
    received INTEGER NOT NULL,          -- microseconds since 1970, UTC
    size INTEGER NOT NULL,              -- bytes of the source
    seen INTEGER NOT NULL DEFAULT 0,
    pinned INTEGER NOT NULL DEFAULT 0,
    attachments INTEGER NOT NULL,
    subject TEXT NOT NULL,
    snippet TEXT NOT NULL,
    message_id TEXT NOT NULL,
    envelope_sender TEXT NOT NULL,
    user TEXT NOT NULL,
    addresses TEXT NOT NULL             -- JSON: sender, to, cc, bcc, reply_to, unlisted
);
CREATE INDEX message_unseen ON message (key) WHERE seen = 0;

-- The bytes as they came, and how they came.
CREATE TABLE source (
    message INTEGER PRIMARY KEY,        -- message.key
    encoding INTEGER NOT NULL,          -- 0 as is, 1 zstd, 2 in `chunk`
    content BLOB,
    receipt TEXT NOT NULL               -- JSON: envelope, session, transcript
);

-- A large source, in pieces that were written before the message's own row: pieces without a message are leftovers.
CREATE TABLE chunk (
    key INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,           -- message.id
    number INTEGER NOT NULL,
    encoding INTEGER NOT NULL,          -- 0 as is, 1 zstd
    content BLOB NOT NULL,
    UNIQUE (message_id, number)
);

-- Kept in the same transaction as what they count.
CREATE TABLE counter (
    mailbox TEXT PRIMARY KEY,
    messages INTEGER NOT NULL DEFAULT 0,
    unread INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    accepted_size INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO counter (mailbox) VALUES ('');
