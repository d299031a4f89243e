-- Mailboxes, tags, pins, and deletions that can be taken back.
ALTER TABLE message ADD COLUMN code TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN action TEXT NOT NULL DEFAULT '';     -- JSON, or empty
UPDATE message SET mailbox = 'inbox';
CREATE INDEX message_mailbox ON message (mailbox, key);

-- Per mailbox too, as long as it has messages; '' counts them all.
ALTER TABLE counter ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE counter ADD COLUMN pinned_size INTEGER NOT NULL DEFAULT 0;
INSERT INTO counter (mailbox, messages, unread, size)
SELECT mailbox, count(*), sum(seen = 0), sum(size) FROM message GROUP BY mailbox;

-- Which tags exist, as somebody first wrote them; `folded` is the name as it is compared.
CREATE TABLE tag (
    name TEXT PRIMARY KEY,
    folded TEXT NOT NULL UNIQUE,
    messages INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

CREATE TABLE tagged (
    message INTEGER NOT NULL,           -- message.key
    tag TEXT NOT NULL,                  -- tag.name
    PRIMARY KEY (message, tag)
) WITHOUT ROWID;
CREATE INDEX tagged_tag ON tagged (tag, message);

CREATE TRIGGER tagged_more AFTER INSERT ON tagged BEGIN
    UPDATE tag SET messages = messages + 1 WHERE name = new.tag;
END;
CREATE TRIGGER tagged_less AFTER DELETE ON tagged BEGIN
    UPDATE tag SET messages = messages - 1 WHERE name = old.tag;
    DELETE FROM tag WHERE name = old.tag AND messages <= 0;
END;

-- Deleted messages while the deletion can be taken back: source, chunks and search text lie where they lay.
CREATE TABLE trash (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    mailbox TEXT NOT NULL,
    session TEXT NOT NULL,
    received INTEGER NOT NULL,
    size INTEGER NOT NULL,
    seen INTEGER NOT NULL,
    pinned INTEGER NOT NULL,
    attachments INTEGER NOT NULL,
    subject TEXT NOT NULL,
    snippet TEXT NOT NULL,
    message_id TEXT NOT NULL,
    envelope_sender TEXT NOT NULL,
    user TEXT NOT NULL,
    addresses TEXT NOT NULL,
    code TEXT NOT NULL,
    action TEXT NOT NULL,
    tags TEXT NOT NULL,                 -- JSON: names
    deletion TEXT NOT NULL,             -- what was deleted together comes back together
    until INTEGER NOT NULL              -- microseconds since 1970, UTC: then the bytes go
);
CREATE INDEX trash_deletion ON trash (deletion);
CREATE INDEX trash_until ON trash (until);
