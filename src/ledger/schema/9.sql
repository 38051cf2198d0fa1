-- Cameras that are missed no more, since somebody said so, and when. One that is docked all the same is none of them any more.
CREATE TABLE retired (camera TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
