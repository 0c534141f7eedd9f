-- A commit may have several builds: one for each recipe and reason. Builds made before have no recipe hash; the first request after
-- this migration makes a new build of their commits.
-- DropIndex
DROP INDEX "Build_projectName_commit_key";

-- AlterTable
ALTER TABLE "Build" ADD COLUMN     "reason" TEXT NOT NULL DEFAULT 'push',
ADD COLUMN     "recipeHash" TEXT NOT NULL DEFAULT '';

-- CreateIndex
CREATE UNIQUE INDEX "Build_projectName_commit_reason_recipeHash_key" ON "Build"("projectName", "commit", "reason", "recipeHash");
