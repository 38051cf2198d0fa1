-- Which place each destination is, as a random id says that lies there.
CREATE TABLE enrolment (destination TEXT PRIMARY KEY, place TEXT NOT NULL) STRICT, WITHOUT ROWID;
