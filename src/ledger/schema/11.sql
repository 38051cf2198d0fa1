-- What keeps each proven copy from being changed or deleted, as its place said when it was last asked.
ALTER TABLE delivery ADD COLUMN kept_until INTEGER;
ALTER TABLE delivery ADD COLUMN enforcement TEXT;
ALTER TABLE delivery ADD COLUMN legal_hold INTEGER NOT NULL DEFAULT 0;
-- What people asked to have kept longer than the configuration says: until when, and whether there is to be a legal hold.
CREATE TABLE asked (
  segment     INTEGER PRIMARY KEY REFERENCES segment (seq),
  kept_until  INTEGER,
  enforcement TEXT,
  legal_hold  INTEGER NOT NULL
) STRICT;

-- What waits to be sent to each destination, kept like the sums of the queue.
CREATE TABLE backlog (
  destination TEXT PRIMARY KEY,
  segments    INTEGER NOT NULL,
  bytes       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER backlog_grows AFTER INSERT ON delivery WHEN new.state = 'queued'
  BEGIN INSERT INTO backlog SELECT new.destination, 1, size FROM segment WHERE seq = new.segment
        ON CONFLICT DO UPDATE SET segments = segments + 1, bytes = bytes + excluded.bytes; END;
CREATE TRIGGER backlog_changes AFTER UPDATE OF state ON delivery WHEN (old.state = 'queued') <> (new.state = 'queued')
  BEGIN INSERT INTO backlog SELECT new.destination, iif(new.state = 'queued', 1, -1), iif(new.state = 'queued', size, -size)
          FROM segment WHERE seq = new.segment
        ON CONFLICT DO UPDATE SET segments = segments + excluded.segments, bytes = bytes + excluded.bytes; END;
