-- AlterTable
ALTER TABLE "ApiToken" ADD COLUMN     "lastUsedAt" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "Login" ADD COLUMN     "tokenName" TEXT NOT NULL DEFAULT 'admin';

-- CreateIndex
CREATE INDEX "Login_tokenName_idx" ON "Login"("tokenName");
