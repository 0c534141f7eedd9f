-- PostgreSQL proves from "state" = 'queued' that every partial index of open attempts fits the query of a claim. If its
-- statistics are from a time without open attempts, it expects a scan of a whole index to cost nothing, and read all open
-- attempts of the farm for each claim. These predicates are expressions that only the queries of these indexes have.
DROP INDEX "claimable_attempts";
CREATE INDEX "claimable_attempts" ON "Attempt" ("hostId", "projectName", "priority" DESC, "buildId" DESC, "jobId")
 WHERE ("state" || '') = 'queued';
DROP INDEX "one_attempt_per_slot";
CREATE UNIQUE INDEX "one_attempt_per_slot" ON "Attempt" ("hostId", "slot") WHERE ("state" || '') IN ('leased', 'running');
DROP INDEX "leased_attempts";
CREATE INDEX "leased_attempts" ON "Attempt" ("leaseUntil") WHERE ("state" || '') IN ('leased', 'running');

-- Each write of a cell changes this column. A BRIN index does not prevent an update on the same page (HOT) in PostgreSQL
-- 16 and later, so the update does not write the other indexes of the cell.
DROP INDEX "Cell_writtenAt_idx";
CREATE INDEX "Cell_writtenAt_idx" ON "Cell" USING brin ("writtenAt") WITH (pages_per_range = 4, autosummarize = on);
