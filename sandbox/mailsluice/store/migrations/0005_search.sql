-- What search compares, as normalised text; several values of a column are separate lines. One row a message, made
-- after its capture was acknowledged.
CREATE TABLE search_text (
    key INTEGER PRIMARY KEY,            -- message.key
    sender TEXT NOT NULL,
    sent_to TEXT NOT NULL,
    sent_cc TEXT NOT NULL,
    sent_bcc TEXT NOT NULL,
    reply_to TEXT NOT NULL,
    envelope_sender TEXT NOT NULL,
    subject TEXT NOT NULL,
    message_id TEXT NOT NULL,
    filenames TEXT NOT NULL,
    types TEXT NOT NULL,
    user TEXT NOT NULL,
    traits TEXT NOT NULL,               -- what `has:` may ask for, as far as it lies in the bytes
    headers TEXT NOT NULL,              -- lines of name, tab and value, one behind each line end
    rare TEXT NOT NULL,                 -- the words that were not in `search_word` when the row was made
    body TEXT NOT NULL
);

-- The index over it: words of `search_word` column by column, all other words cut into pieces of three letters. The
-- text is not repeated; deleting a row takes the same words again, which `search_text` tells.
CREATE VIRTUAL TABLE search_index USING fts5 (
    body, sender, sent_to, sent_cc, sent_bcc, reply_to, envelope_sender, subject, message_id, filenames, types, user,
    headers, traits, pieces,
    content = '', columnsize = 0, detail = column, tokenize = 'ascii'
);
-- Segments are merged in small steps of our own: captures never wait for a large one.
INSERT INTO search_index (search_index, rank) VALUES ('automerge', 0);
INSERT INTO search_index (search_index, rank) VALUES ('crisismerge', 500);

-- Words that many messages have. A part of a word is looked up here, then as the words that have it.
CREATE TABLE search_word (
    id INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
);

-- How far the index goes: every message up to this key is in it. `rules` tells by which version of the code.
CREATE TABLE search_state (
    indexed_to INTEGER NOT NULL,
    rules INTEGER NOT NULL
);
INSERT INTO search_state (indexed_to, rules) VALUES (0, 0);

-- Messages that are gone and whose rows in the index are still to go.
CREATE TABLE search_gone (
    key INTEGER PRIMARY KEY
);
CREATE TRIGGER search_gone_with_source AFTER DELETE ON source
WHEN OLD.message <= (SELECT indexed_to FROM search_state)
BEGIN
    INSERT OR IGNORE INTO search_gone (key) VALUES (OLD.message);
END;

-- What a query may ask for and few messages have.
CREATE INDEX message_received ON message (received);
CREATE INDEX message_large ON message (size) WHERE size >= 65536;
CREATE INDEX message_pinned ON message (key) WHERE pinned = 1;
CREATE INDEX message_code ON message (key) WHERE code <> '';
CREATE INDEX message_action ON message (key) WHERE action <> '';
