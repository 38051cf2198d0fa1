-- What keeps each proven copy from being changed or deleted, as its place said when it was last asked.
ALTER TABLE delivery ADD COLUMN kept_until INTEGER;
ALTER TABLE delivery ADD COLUMN enforcement TEXT;
ALTER TABLE delivery ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;
