-- Cameras on which a deletion was begun, and which were not found sound since.
CREATE TABLE unsettled_wipe (camera TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
