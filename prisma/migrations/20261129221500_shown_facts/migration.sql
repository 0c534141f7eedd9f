-- AlterTable
-- Whether the newest attempt of a cell passed without tests although earlier ones had tests. The matrix page reads it.
ALTER TABLE "Cell" ADD COLUMN     "testsMissing" BOOLEAN NOT NULL DEFAULT false;
UPDATE "Cell" cell SET "testsMissing" = true
  FROM "TestSummary" summary
 WHERE summary."jobId" = cell."jobId" AND summary."number" = cell."number" AND summary."missing" AND cell."verdict" = 'passed';

-- AlterTable
ALTER TABLE "Failure" ADD COLUMN     "skippedBytes" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "Project" ADD COLUMN     "defaultBranch" TEXT;

-- CreateIndex
-- The matrix page must find the cells with missing tests, which simply passed otherwise.
DROP INDEX notable_cells;
CREATE INDEX notable_cells ON "Cell" ("projectName", "branch", "variant") WHERE "state" <> 'passing' OR "flaky" OR "verdict" <> 'passed' OR "testsMissing";

-- CreateIndex
-- "Also on": the failures of a build that quote the same symbol.
CREATE INDEX failures_by_symbol ON "Failure" ("buildId", "symbol") WHERE "symbol" IS NOT NULL;
