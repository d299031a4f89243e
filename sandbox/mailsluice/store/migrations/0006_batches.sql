-- Releases that were asked for together.
ALTER TABLE release ADD COLUMN batch TEXT NOT NULL DEFAULT '';
CREATE INDEX release_batch ON release (batch, key) WHERE batch <> '';
