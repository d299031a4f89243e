-- Releases: the records, and the bytes that go or went; they outlive their messages.
CREATE TABLE release (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL,              -- message.id
    profile TEXT NOT NULL,
    state TEXT NOT NULL,
    is_open INTEGER NOT NULL,           -- it goes on by itself
    is_to_me INTEGER NOT NULL,
    created INTEGER NOT NULL,           -- microseconds since 1970, UTC
    changed INTEGER NOT NULL,
    rule TEXT NOT NULL,                 -- rule.id; empty: a person asked
    kept INTEGER NOT NULL,              -- bytes that `release_chunk` still has of it
    record TEXT NOT NULL                -- JSON
);
CREATE INDEX release_message ON release (message, key);
CREATE INDEX release_profile ON release (profile, key);
CREATE INDEX release_state ON release (state, key);
CREATE INDEX release_rule ON release (rule, created) WHERE rule <> '';
CREATE INDEX release_open ON release (key) WHERE is_open = 1;
CREATE INDEX release_finished ON release (key, kept) WHERE is_open = 0;

-- The bytes in pieces, written before the release's own row: pieces without a release are leftovers.
CREATE TABLE release_chunk (
    key INTEGER PRIMARY KEY,
    release_id TEXT NOT NULL,           -- release.id
    number INTEGER NOT NULL,
    encoding INTEGER NOT NULL,          -- 0 as is, 1 zstd
    content BLOB NOT NULL,
    UNIQUE (release_id, number)
);

-- How many recipients a profile has mailed, and when: what a day's limit is counted from.
CREATE TABLE sent (
    key INTEGER PRIMARY KEY,
    profile TEXT NOT NULL,
    at INTEGER NOT NULL,                -- microseconds since 1970, UTC
    recipients INTEGER NOT NULL
);
CREATE INDEX sent_profile ON sent (profile, at);

-- Profiles that are not dialled for a while.
CREATE TABLE parking (
    profile TEXT PRIMARY KEY,
    record TEXT NOT NULL                -- JSON
) WITHOUT ROWID;

-- Rules of automatic release.
CREATE TABLE rule (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL                -- JSON
);
