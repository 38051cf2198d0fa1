-- What of each camera's segments is still to be done, kept like the sums of the queue: however many it has, it costs nothing to show.
CREATE TABLE camera_tally (
  camera         TEXT PRIMARY KEY,
  pending        INTEGER NOT NULL,  -- segments that some required destination is still to receive from the spool
  unproven       INTEGER NOT NULL,  -- segments that some required destination has not proven, without those seen to be lost
  unproven_bytes INTEGER NOT NULL   -- of what some required destination has not proven and is still on the camera
) STRICT, WITHOUT ROWID;
CREATE TRIGGER camera_tally_begins AFTER INSERT ON segment
  BEGIN INSERT INTO camera_tally VALUES (new.camera, new.pending > 0, new.unproven > 0, iif(new.unproven > 0, new.size, 0))
        ON CONFLICT DO UPDATE SET pending = pending + excluded.pending, unproven = unproven + excluded.unproven,
                                  unproven_bytes = unproven_bytes + excluded.unproven_bytes; END;
CREATE TRIGGER camera_tally_changes AFTER UPDATE OF pending, unproven, seen_at, wiped_at ON segment
  WHEN (old.pending > 0) <> (new.pending > 0) OR (old.unproven > 0) <> (new.unproven > 0)
    OR (old.seen_at IS NULL) <> (new.seen_at IS NULL) OR (old.wiped_at IS NULL) <> (new.wiped_at IS NULL)
  BEGIN UPDATE camera_tally SET
          pending = pending + (new.pending > 0) - (old.pending > 0),
          unproven = unproven + (new.unproven > 0 AND new.seen_at IS NULL) - (old.unproven > 0 AND old.seen_at IS NULL),
          unproven_bytes = unproven_bytes + iif(new.unproven > 0 AND new.wiped_at IS NULL, new.size, 0)
                                          - iif(old.unproven > 0 AND old.wiped_at IS NULL, old.size, 0)
        WHERE camera = new.camera; END;
-- They were counted again and again by these.
DROP INDEX segment_pending_by_camera;
DROP INDEX segment_unproven;

-- Where each camera's queue for each destination begins, in the order of the queue: with a thousand cameras waiting, the oldest few
-- are found without a look at the others.
CREATE TABLE queue_head (
  destination TEXT NOT NULL,
  camera      TEXT NOT NULL,
  segment     INTEGER NOT NULL,     -- the oldest that is queued
  PRIMARY KEY (destination, camera)
) STRICT, WITHOUT ROWID;
CREATE INDEX queue_head_in_order ON queue_head (destination, segment);
CREATE TRIGGER queue_head_added AFTER INSERT ON delivery WHEN new.state = 'queued'
  BEGIN INSERT INTO queue_head VALUES (new.destination, new.camera, new.segment)
        ON CONFLICT DO UPDATE SET segment = new.segment WHERE new.segment < segment; END;
CREATE TRIGGER queue_head_joins AFTER UPDATE OF state ON delivery WHEN old.state <> 'queued' AND new.state = 'queued'
  BEGIN INSERT INTO queue_head VALUES (new.destination, new.camera, new.segment)
        ON CONFLICT DO UPDATE SET segment = new.segment WHERE new.segment < segment; END;
CREATE TRIGGER queue_head_leaves AFTER UPDATE OF state ON delivery WHEN old.state = 'queued' AND new.state <> 'queued'
  BEGIN DELETE FROM queue_head WHERE destination = old.destination AND camera = old.camera AND segment = old.segment;
        INSERT INTO queue_head SELECT destination, camera, segment FROM delivery INDEXED BY delivery_queue
          WHERE destination = old.destination AND camera = old.camera AND state = 'queued' ORDER BY segment LIMIT 1
          ON CONFLICT DO NOTHING; END;
-- The oldest that waits for anybody is the oldest of these.
DROP INDEX segment_pending;

-- What became of a camera's segments is told from these alone: those still on it, as before, and those that have left it.
CREATE INDEX segment_off_camera ON segment (camera, path) WHERE wiped_at IS NOT NULL;
-- Which copies the spool has, and which of them may go; each in the order in which they came.
CREATE INDEX segment_in_spool ON segment (seq, id) WHERE spool = 'present';
CREATE INDEX segment_spare ON segment (seq) WHERE spool = 'present' AND unproven = 0;
ALTER TABLE segment ADD COLUMN lacking INTEGER NOT NULL DEFAULT 0;  -- destinations, required or not, that have not proven their copies
DROP INDEX segment_wiped_in_spool;
CREATE INDEX segment_wiped_in_spool ON segment (seq, wiped_at)
  WHERE spool = 'present' AND lacking = 0 AND wiped_at IS NOT NULL;
-- Dockings that have not ended.
CREATE INDEX docking_open ON docking (seq) WHERE ended_at IS NULL;
