CREATE TABLE "Try" (
    "id" TEXT NOT NULL,
    "projectName" TEXT NOT NULL,
    "tokenName" TEXT NOT NULL,
    "bytes" INTEGER NOT NULL,
    "sha256" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "author" TEXT,
    "wanted" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "buildId" INTEGER,
    "removedAt" TIMESTAMPTZ(3),

    CONSTRAINT "Try_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "Try_buildId_key" ON "Try"("buildId");

-- The tries whose files the farm still has. Their number has a limit.
CREATE INDEX "kept_tries" ON "Try"("tokenName") WHERE "removedAt" IS NULL;

-- A third scope: tokens that may only build uploaded trees.
ALTER TABLE "ApiToken" DROP CONSTRAINT token_scope;
ALTER TABLE "ApiToken" ADD CONSTRAINT token_scope CHECK ("scope" IN ('admin', 'trigger', 'try'));
