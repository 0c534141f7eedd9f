-- CreateTable
CREATE TABLE "RevokedToken" (
    "hash" TEXT NOT NULL,
    "revokedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "RevokedToken_pkey" PRIMARY KEY ("hash")
);

INSERT INTO "RevokedToken" ("hash", "revokedAt")
SELECT "hash", "revokedAt" FROM "ApiToken" WHERE "revokedAt" IS NOT NULL;

-- AlterTable
ALTER TABLE "Login" ADD COLUMN "tokenHash" TEXT;

UPDATE "Login" SET "tokenHash" = token."hash" FROM "ApiToken" token
 WHERE token."name" = "Login"."tokenName" AND token."revokedAt" IS NULL;

-- A link or session that has no valid token to end with.
DELETE FROM "Login" WHERE "tokenHash" IS NULL;

-- DropIndex
DROP INDEX "Login_tokenName_idx";

ALTER TABLE "Login" ALTER COLUMN "tokenHash" SET NOT NULL,
DROP COLUMN "tokenName";

-- CreateIndex
CREATE INDEX "Login_tokenHash_idx" ON "Login"("tokenHash");
