-- In which order dockings began, whatever the clock said, and what each was about.
ALTER TABLE docking ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;  -- custody_log.seq of its beginning
ALTER TABLE docking ADD COLUMN segments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE docking ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
CREATE INDEX docking_in_order ON docking (seq);

-- Which segments were copied from the camera in a docking, or left it in that docking.
CREATE TABLE handled (
  docking INTEGER NOT NULL,         -- docking.seq
  segment INTEGER NOT NULL REFERENCES segment (seq),
  PRIMARY KEY (docking, segment)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER handled_insert AFTER INSERT ON handled
  BEGIN UPDATE docking SET segments = segments + 1,
                           bytes = bytes + (SELECT size FROM segment WHERE segment.seq = new.segment)
        WHERE seq = new.docking; END;

-- What was done in each hour of late. Older ones are forgotten, so these rows are few.
CREATE TABLE hourly (
  hour  INTEGER NOT NULL,           -- its beginning, ms since 1970 UTC
  what  TEXT NOT NULL,
  whose TEXT NOT NULL,              -- which destination; '' where there is none
  bytes INTEGER NOT NULL,
  PRIMARY KEY (hour, what, whose)
) STRICT, WITHOUT ROWID;

-- How many copies the spool has, kept like the sums of the queue.
ALTER TABLE tally ADD COLUMN copies INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tally ADD COLUMN copied INTEGER NOT NULL DEFAULT 0;  -- their bytes
CREATE TRIGGER tally_copy AFTER INSERT ON segment WHEN new.spool = 'present'
  BEGIN UPDATE tally SET copies = copies + 1, copied = copied + new.size; END;
CREATE TRIGGER tally_copy_changes AFTER UPDATE OF spool ON segment WHEN (old.spool = 'present') <> (new.spool = 'present')
  BEGIN UPDATE tally SET copies = copies + iif(new.spool = 'present', 1, -1),
                         copied = copied + iif(new.spool = 'present', new.size, -new.size); END;

-- Evidence that is nowhere, oldest first.
CREATE INDEX segment_nowhere_in_order ON segment (seq) WHERE nowhere_since IS NOT NULL AND seen_at IS NULL;
