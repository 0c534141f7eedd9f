ALTER TABLE "Branch" ADD COLUMN "removedAt" TIMESTAMPTZ(3);

-- The matrix shows the present branches with the newest pushes, however many branches were deleted.
CREATE INDEX present_branches ON "Branch"("projectName", "pushedAt") WHERE "removedAt" IS NULL;
