-- Lost jobs of the last days, whatever the history of the farm.
CREATE INDEX lost_attempts ON "Attempt" ("finishedAt") WHERE "verdict" = 'lost';
