-- AlterTable
-- The cells that exist before this migration have not changed now, so no event reports them.
ALTER TABLE "Cell" ADD COLUMN     "writtenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT 'epoch';
ALTER TABLE "Cell" ALTER COLUMN "writtenAt" SET DEFAULT CURRENT_TIMESTAMP;

-- CreateIndex
CREATE INDEX "Cell_writtenAt_idx" ON "Cell"("writtenAt");
