ALTER TABLE "Project" ADD COLUMN "firstLookAt" TIMESTAMPTZ(3);

CREATE TABLE "PolledRepository" (
    "repository" TEXT NOT NULL,
    "everySeconds" INTEGER,
    "nextAt" TIMESTAMPTZ(3),
    "startedAt" TIMESTAMPTZ(3),
    "lookedAt" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,
    "failingSince" TIMESTAMPTZ(3),

    CONSTRAINT "PolledRepository_pkey" PRIMARY KEY ("repository")
);

CREATE TABLE "PolledRef" (
    "repository" TEXT NOT NULL,
    "ref" TEXT NOT NULL,
    "commit" TEXT NOT NULL,
    "missing" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "PolledRef_pkey" PRIMARY KEY ("repository","ref")
);

CREATE INDEX "PolledRepository_nextAt_idx" ON "PolledRepository"("nextAt");

ALTER TABLE "PolledRef" ADD CONSTRAINT "PolledRef_repository_fkey" FOREIGN KEY ("repository") REFERENCES "PolledRepository"("repository") ON DELETE CASCADE ON UPDATE CASCADE;
