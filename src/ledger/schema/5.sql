-- Which place each destination is, as a random id says that lies there.
CREATE TABLE enrolment (destination TEXT PRIMARY KEY, place TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- A problem need not be a camera's: the ledger has one of its own.
CREATE TABLE problem_5 (
  id          INTEGER PRIMARY KEY,  -- custody_log.seq of its entry
  camera      TEXT,
  path        BLOB NOT NULL,
  segment     BLOB,
  destination TEXT,
  kind        TEXT NOT NULL,        -- JSON
  since       INTEGER NOT NULL
) STRICT;
INSERT INTO problem_5 SELECT id, camera, path, segment, destination, kind, since FROM problem ORDER BY id;
DROP TABLE problem;
ALTER TABLE problem_5 RENAME TO problem;
CREATE INDEX problem_about ON problem (camera, path);

-- Which schema's tables were last derived from the log; see open.rs.
ALTER TABLE written_by ADD COLUMN derived INTEGER NOT NULL DEFAULT 0;

-- How the original went, and whether camdock had begun to delete it.
ALTER TABLE segment ADD COLUMN gone TEXT CHECK (gone IN ('wiped', 'interrupted', 'not-by-camdock'));
ALTER TABLE segment ADD COLUMN deleting INTEGER NOT NULL DEFAULT 0;

-- How many required destinations have not proven their copies, whatever keeps them from it.
ALTER TABLE segment ADD COLUMN unproven INTEGER NOT NULL DEFAULT 0;
CREATE INDEX segment_unproven ON segment (camera) WHERE unproven > 0;

-- Since when there is no copy here although somebody still needs one: evidence that is nowhere, but maybe on its camera. It is a
-- problem by being so; a person can only say that it was seen.
ALTER TABLE segment ADD COLUMN nowhere_since INTEGER;
ALTER TABLE segment ADD COLUMN seen_at INTEGER;
CREATE INDEX segment_nowhere ON segment (camera) WHERE nowhere_since IS NOT NULL AND seen_at IS NULL;
CREATE INDEX delivery_unproven ON delivery (segment) WHERE state <> 'proven';
