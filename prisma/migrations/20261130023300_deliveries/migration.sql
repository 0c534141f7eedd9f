ALTER TABLE "Build" ADD COLUMN "sourcesTries" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "Build" ADD COLUMN "sourcesSince" TIMESTAMPTZ(3);
ALTER TABLE "Build" ADD COLUMN "sourcesNextAt" TIMESTAMPTZ(3);

CREATE TABLE "Delivery" (
    "id" SERIAL NOT NULL,
    "sender" TEXT NOT NULL,
    "scope" TEXT NOT NULL DEFAULT '',
    "deliveryId" TEXT,
    "event" TEXT NOT NULL,
    "receivedAt" TIMESTAMPTZ(3) NOT NULL,
    "times" INTEGER NOT NULL DEFAULT 1,
    "headers" JSONB NOT NULL,
    "body" TEXT NOT NULL,
    "bodyBytes" INTEGER NOT NULL,
    "content" JSONB,
    "projects" TEXT[],
    "outcome" TEXT NOT NULL,
    "reason" TEXT,
    "results" JSONB NOT NULL DEFAULT '[]',
    "state" TEXT NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "since" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3),
    CONSTRAINT "Delivery_pkey" PRIMARY KEY ("id"),
    CONSTRAINT delivery_state CHECK ("state" IN ('pending', 'done') AND ("state" = 'pending') = ("nextAt" IS NOT NULL)),
    CONSTRAINT delivery_outcome CHECK ("outcome" IN ('waiting', 'retrying', 'built', 'handled', 'ignored', 'failed', 'refused', 'pong'))
);
-- A refused delivery has no id, and so no row like it.
CREATE UNIQUE INDEX "Delivery_sender_scope_deliveryId_key" ON "Delivery" ("sender", "scope", "deliveryId");
CREATE INDEX pending_deliveries ON "Delivery" ("nextAt") WHERE "state" = 'pending';
