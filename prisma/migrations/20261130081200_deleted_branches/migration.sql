-- The stream of events needs the branches whose cells left the matrix or came back a short time ago.
ALTER TABLE "Branch" ADD COLUMN "returnedAt" TIMESTAMPTZ(3);
CREATE INDEX removed_branches ON "Branch"("removedAt") WHERE "removedAt" IS NOT NULL;
CREATE INDEX returned_branches ON "Branch"("returnedAt") WHERE "returnedAt" IS NOT NULL;
