-- Media on which a deletion was begun, and which were not found sound since.
DROP TABLE unsettled_wipe;
CREATE TABLE unsettled_medium (
    camera TEXT NOT NULL,
    medium TEXT NOT NULL,
    PRIMARY KEY (camera, medium)
) STRICT, WITHOUT ROWID;
