-- How sure a code is, to 1.0; 0 for none, and for one that was found before this was kept.
ALTER TABLE message ADD COLUMN code_confidence REAL NOT NULL DEFAULT 0;
ALTER TABLE trash ADD COLUMN code_confidence REAL NOT NULL DEFAULT 0;
