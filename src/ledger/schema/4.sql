-- What needs a person is a problem; "hold" is kept for the legal hold.
ALTER TABLE hold RENAME TO problem;
ALTER TABLE problem RENAME COLUMN reason TO kind;
DROP INDEX hold_by_camera;
CREATE INDEX problem_by_camera ON problem (camera);

CREATE TABLE delivery_4 (
  destination TEXT NOT NULL,
  segment     INTEGER NOT NULL REFERENCES segment (seq),
  camera      TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('queued', 'proven', 'problem', 'stranded')),
  version     TEXT,
  method      TEXT,
  proven_at   INTEGER,
  PRIMARY KEY (destination, segment)
) STRICT, WITHOUT ROWID;
INSERT INTO delivery_4 SELECT destination, segment, camera, replace(state, 'held', 'problem'), version, method, proven_at
  FROM delivery ORDER BY destination, segment;
DROP TABLE delivery;
ALTER TABLE delivery_4 RENAME TO delivery;
CREATE INDEX delivery_of_segment ON delivery (segment);
CREATE INDEX delivery_queue ON delivery (destination, camera, segment) WHERE state = 'queued';

-- A required destination that has not proven its copy of a segment, whatever keeps it from that.
CREATE VIEW unproven_required (segment, destination) AS
  SELECT delivery.segment, delivery.destination FROM delivery
  JOIN destination ON destination.name = delivery.destination
  WHERE delivery.state <> 'proven' AND destination.need = 'required';
