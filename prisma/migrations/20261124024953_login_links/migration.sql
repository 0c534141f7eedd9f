-- CreateTable
CREATE TABLE "Login" (
    "id" SERIAL NOT NULL,
    "linkHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),
    "sessionHash" TEXT,

    CONSTRAINT "Login_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "Login_linkHash_key" ON "Login"("linkHash");

-- CreateIndex
CREATE UNIQUE INDEX "Login_sessionHash_key" ON "Login"("sessionHash");
