ALTER TABLE "Attempt" ADD COLUMN "projectName" TEXT,
ADD COLUMN "buildId" INTEGER;

UPDATE "Attempt" SET "projectName" = build."projectName", "buildId" = build."id"
  FROM "Job" job JOIN "Build" build ON build."id" = job."buildId"
 WHERE job."id" = "Attempt"."jobId" AND "Attempt"."state" <> 'finished';

ALTER TABLE "Attempt" ADD CONSTRAINT "open_has_build" CHECK ("state" = 'finished' OR ("projectName" IS NOT NULL AND "buildId" IS NOT NULL));

-- The claim reads the first rows of each project in this order.
CREATE INDEX "claimable_attempts" ON "Attempt" ("hostId", "projectName", "priority" DESC, "buildId" DESC, "jobId")
 WHERE "state" = 'queued';

-- A newer build of a branch finds the older attempts of its cells.
DROP INDEX "open_attempts_of_host";
CREATE INDEX "open_attempts_of_host" ON "Attempt" ("hostId", "projectName", "buildId") WHERE "state" <> 'finished';

ALTER TABLE "Host" ADD COLUMN "recentJobMs" INTEGER[] NOT NULL DEFAULT '{}';

UPDATE "Host" SET "recentJobMs" = ARRAY(
  SELECT LEAST(extract(epoch FROM result."finishedAt" - COALESCE(result."startedAt", result."leasedAt")) * 1000, 2147483647)::int
    FROM (SELECT "id" FROM "Job" WHERE "hostId" = "Host"."id" ORDER BY "id" DESC LIMIT 200) job
   CROSS JOIN LATERAL (SELECT * FROM "Attempt" WHERE "jobId" = job."id" AND "verdict" IN ('passed', 'failed', 'timed-out')
                          AND "leasedAt" IS NOT NULL AND "purpose" <> 'probe' ORDER BY "number" DESC LIMIT 1) result
   ORDER BY job."id" DESC LIMIT 21);

CREATE TABLE "HostTurn" (
    "hostId" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "lastAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "HostTurn_pkey" PRIMARY KEY ("hostId","projectName")
);

ALTER TABLE "HostTurn" ADD CONSTRAINT "HostTurn_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"("id") ON DELETE CASCADE ON UPDATE CASCADE;
