-- What becomes of events that an automated client sends: flag or drop.
ALTER TABLE sites ADD COLUMN bots TEXT NOT NULL DEFAULT 'flag';
