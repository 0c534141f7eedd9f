-- AlterTable
ALTER TABLE "Attempt" ADD COLUMN     "compiler" TEXT;

-- AlterTable
ALTER TABLE "Host" ADD COLUMN     "rules" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "HostArch" ADD COLUMN     "unable" TEXT;

-- AlterTable
ALTER TABLE "Job" ADD COLUMN     "branch" TEXT;
