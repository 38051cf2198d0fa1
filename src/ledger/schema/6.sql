-- What was done since the log began, counted, so that a long history costs nothing to show.
CREATE TABLE counted (
  what   TEXT NOT NULL,
  whose  TEXT NOT NULL,     -- which bay, destination, stage, outcome or kind; '' where there is one only
  within INTEGER NOT NULL,  -- which class of durations, by its bound in seconds; 0 if it lasted longer, or none is counted
  times  INTEGER NOT NULL,
  bytes  INTEGER NOT NULL,
  millis INTEGER NOT NULL,
  PRIMARY KEY (what, whose, within)
) STRICT, WITHOUT ROWID;

-- How far a docking has come: its last copy in the spool, the first permission to delete after that, its last deletion.
ALTER TABLE docking ADD COLUMN spooled_at INTEGER;
ALTER TABLE docking ADD COLUMN cleared_at INTEGER;
ALTER TABLE docking ADD COLUMN wiped_at INTEGER;
