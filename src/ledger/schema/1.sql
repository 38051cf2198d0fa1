-- Marks the file as camdock's, "cmdk", in the same transaction that makes the first table: no crash leaves one without the other.
PRAGMA application_id = 0x636d646b;

-- Who wrote this database, for the message that refuses a newer one.
CREATE TABLE written_by (one INTEGER PRIMARY KEY CHECK (one = 1), version TEXT NOT NULL) STRICT;

-- The custody log. Append only; everything below follows from it.
CREATE TABLE custody_log (
  seq   INTEGER PRIMARY KEY,
  at    INTEGER NOT NULL,          -- wall clock, ms since 1970 UTC
  entry TEXT NOT NULL,             -- JSON
  hash  BLOB NOT NULL              -- SHA-256(previous hash, seq, at, entry)
) STRICT;
CREATE TRIGGER custody_log_is_append_only_u BEFORE UPDATE ON custody_log
  BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;
CREATE TRIGGER custody_log_is_append_only_d BEFORE DELETE ON custody_log
  BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END;

CREATE TABLE destination (
  name TEXT PRIMARY KEY,
  need TEXT NOT NULL CHECK (need IN ('required', 'optional', 'retired'))
) STRICT;

CREATE TABLE docking (
  id       TEXT PRIMARY KEY,
  camera   TEXT NOT NULL,
  bay      TEXT NOT NULL,
  began_at INTEGER NOT NULL,
  ended_at INTEGER,
  outcome  TEXT
) STRICT;
CREATE INDEX docking_by_camera ON docking (camera, began_at);

CREATE TABLE segment (
  seq         INTEGER PRIMARY KEY,  -- custody_log.seq of its first spooling: the order of the queue
  id          BLOB NOT NULL UNIQUE,
  camera      TEXT NOT NULL,
  path        BLOB NOT NULL,
  recorded_at INTEGER NOT NULL,     -- camera's clock, ms since 1970 UTC
  size        INTEGER NOT NULL,
  sha256      BLOB NOT NULL,
  chunk_size  INTEGER NOT NULL,
  chunks      BLOB NOT NULL,        -- CRC-64 of each chunk, 8 bytes little-endian
  damaged     INTEGER NOT NULL,
  docking     TEXT NOT NULL,        -- the docking it was first spooled in
  spooled_at  INTEGER NOT NULL,
  spool       TEXT NOT NULL CHECK (spool IN ('present', 'released', 'lost')),
  pending     INTEGER NOT NULL,     -- required destinations that are still to receive it from the spool
  wiped_at    INTEGER
) STRICT;
CREATE INDEX segment_on_camera ON segment (camera, path) WHERE wiped_at IS NULL;
CREATE INDEX segment_pending ON segment (seq) WHERE pending > 0;
CREATE INDEX segment_pending_by_camera ON segment (camera) WHERE pending > 0;
CREATE INDEX segment_wiped_in_spool ON segment (wiped_at) WHERE spool = 'present';

CREATE TABLE delivery (
  destination TEXT NOT NULL,
  segment     INTEGER NOT NULL REFERENCES segment (seq),
  camera      TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('queued', 'proven', 'held', 'stranded')),
  version     TEXT,
  method      TEXT,
  proven_at   INTEGER,
  PRIMARY KEY (destination, segment)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_of_segment ON delivery (segment);
CREATE INDEX delivery_queue ON delivery (destination, camera, segment) WHERE state = 'queued';

CREATE TABLE hold (
  id          INTEGER PRIMARY KEY,  -- custody_log.seq of its entry
  camera      TEXT NOT NULL,
  path        BLOB NOT NULL,
  segment     BLOB,
  destination TEXT,
  reason      TEXT NOT NULL,        -- JSON
  since       INTEGER NOT NULL
) STRICT;
CREATE INDEX hold_by_camera ON hold (camera);

-- The sums that a status shows, kept so that a long queue costs nothing to show.
CREATE TABLE tally (one INTEGER PRIMARY KEY CHECK (one = 1), segments INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO tally VALUES (1, 0, 0);
CREATE TRIGGER tally_insert AFTER INSERT ON segment WHEN new.pending > 0
  BEGIN UPDATE tally SET segments = segments + 1, bytes = bytes + new.size; END;
CREATE TRIGGER tally_update AFTER UPDATE OF pending ON segment WHEN (old.pending > 0) <> (new.pending > 0)
  BEGIN UPDATE tally SET segments = segments + iif(new.pending > 0, 1, -1),
                         bytes = bytes + iif(new.pending > 0, new.size, -new.size); END;
