-- A cell belongs to a branch, and the order of results is that of the branch's first-parent line.
-- CreateTable
CREATE TABLE "Branch" (
    "projectName" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "pushedAt" TIMESTAMPTZ(3) NOT NULL,
    "lineWantedAt" TIMESTAMPTZ(3),
    "guessed" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "Branch_pkey" PRIMARY KEY ("projectName","name")
);

-- CreateTable
CREATE TABLE "BranchCommit" (
    "projectName" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "settled" BOOLEAN NOT NULL DEFAULT false,

    CONSTRAINT "BranchCommit_pkey" PRIMARY KEY ("projectName","commit","branch")
);

-- CreateIndex
CREATE INDEX "Branch_projectName_pushedAt_idx" ON "Branch"("projectName", "pushedAt");

-- CreateIndex
CREATE INDEX "BranchCommit_projectName_branch_position_idx" ON "BranchCommit"("projectName", "branch", "position");

-- AddForeignKey
ALTER TABLE "Branch" ADD CONSTRAINT "Branch_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"("name") ON DELETE RESTRICT ON UPDATE CASCADE;

-- The branches whose lines are to be read, for the task that reads them.
CREATE INDEX lines_to_read ON "Branch" ("lineWantedAt") WHERE "lineWantedAt" IS NOT NULL;

-- What was built before: each branch with its builds, in the order of the builds until its line is read again.
INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position")
SELECT "projectName", "commit", "branch", 999999 + row_number() OVER (PARTITION BY "projectName", "branch" ORDER BY max("id"))
  FROM "Build" WHERE "branch" IS NOT NULL GROUP BY "projectName", "branch", "commit";

INSERT INTO "Branch" ("projectName", "name", "pushedAt", "lineWantedAt")
SELECT "projectName", "branch", max("createdAt"), max("createdAt") FROM "Build" WHERE "branch" IS NOT NULL GROUP BY "projectName", "branch";

-- A project of which no build has a branch: they get a guessed one, until its lines are read.
WITH without_branch AS (
  SELECT "projectName" FROM "Build" GROUP BY "projectName" HAVING count("branch") = 0
), placed AS (
  INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position")
  SELECT "projectName", "commit", 'main', 999999 + row_number() OVER (PARTITION BY "projectName" ORDER BY max("id"))
    FROM "Build" JOIN without_branch USING ("projectName") GROUP BY "projectName", "commit"
)
INSERT INTO "Branch" ("projectName", "name", "pushedAt", "lineWantedAt", "guessed")
SELECT "projectName", 'main', max("createdAt"), max("createdAt"), true
  FROM "Build" JOIN without_branch USING ("projectName") GROUP BY "projectName";

-- A cell becomes one of the branch of its job. Another cell of a build of no branch is dropped: it comes back with the next result.
ALTER TABLE "Cell" ADD COLUMN "branch" TEXT;

UPDATE "Cell" cell SET "branch" = COALESCE(job."branch", build."branch")
  FROM "Job" job JOIN "Build" build ON build."id" = job."buildId" WHERE job."id" = cell."jobId";

UPDATE "Cell" SET "branch" = 'main'
  FROM "Branch" WHERE "Branch"."projectName" = "Cell"."projectName" AND "Branch"."guessed";

DELETE FROM "Cell" WHERE "branch" IS NULL;

-- AlterTable
ALTER TABLE "Cell" DROP CONSTRAINT "Cell_pkey",
ALTER COLUMN "branch" SET NOT NULL,
ADD CONSTRAINT "Cell_pkey" PRIMARY KEY ("projectName", "branch", "hostId", "arch", "variant");
