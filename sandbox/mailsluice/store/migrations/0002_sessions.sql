-- Sessions that brought no message or were refused something: the newest ones only.
CREATE TABLE session (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL                -- JSON
);
