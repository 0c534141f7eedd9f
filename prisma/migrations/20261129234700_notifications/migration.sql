ALTER TABLE "Configuration" ADD COLUMN "notifyAfterSeconds" INTEGER NOT NULL DEFAULT 60;
ALTER TABLE "Host" ADD COLUMN "alertMail" TEXT;

CREATE TABLE "Problem" (
    "id" SERIAL NOT NULL,
    "projectName" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fingerprint" TEXT,
    "step" TEXT,
    "verdict" TEXT NOT NULL,
    "openedAt" TIMESTAMPTZ(3) NOT NULL,
    "openedBuildId" INTEGER NOT NULL,
    "closedAt" TIMESTAMPTZ(3),
    CONSTRAINT "Problem_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "Problem_projectName_branch_id_idx" ON "Problem" ("projectName", "branch", "id");
-- Two servers that store the same failure at the same moment open one problem.
CREATE UNIQUE INDEX one_open_problem_per_key ON "Problem" ("projectName", "branch", "key") WHERE "closedAt" IS NULL;

CREATE TABLE "ProblemCell" (
    "id" SERIAL NOT NULL,
    "problemId" INTEGER NOT NULL,
    "projectName" TEXT NOT NULL,
    "branch" TEXT NOT NULL,
    "hostId" INTEGER NOT NULL,
    "arch" TEXT NOT NULL,
    "variant" TEXT NOT NULL,
    "jobId" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "sinceBuildId" INTEGER NOT NULL,
    "sinceCommit" TEXT NOT NULL,
    "sinceAt" TIMESTAMPTZ(3) NOT NULL,
    "lastGoodBuildId" INTEGER,
    "lastGoodCommit" TEXT,
    "endedAt" TIMESTAMPTZ(3),
    "ended" TEXT,
    "endedBuildId" INTEGER,
    CONSTRAINT "ProblemCell_pkey" PRIMARY KEY ("id"),
    CONSTRAINT ended_for_a_reason CHECK (("endedAt" IS NULL) = ("ended" IS NULL) AND "ended" IN ('passed', 'other-failure', 'gone'))
);
CREATE INDEX "ProblemCell_problemId_idx" ON "ProblemCell" ("problemId");
CREATE UNIQUE INDEX one_open_problem_per_cell ON "ProblemCell" ("projectName", "branch", "hostId", "arch", "variant") WHERE "endedAt" IS NULL;
ALTER TABLE "ProblemCell" ADD CONSTRAINT "ProblemCell_problemId_fkey" FOREIGN KEY ("problemId") REFERENCES "Problem" ("id") ON DELETE CASCADE ON UPDATE CASCADE;

CREATE TABLE "Channel" (
    "key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "target" JSONB NOT NULL,
    "rules" JSONB NOT NULL,
    "removedAt" TIMESTAMPTZ(3),
    "disabledAt" TIMESTAMPTZ(3),
    "problem" TEXT,
    CONSTRAINT "Channel_pkey" PRIMARY KEY ("key")
);

CREATE TABLE "Notification" (
    "id" SERIAL NOT NULL,
    "event" TEXT NOT NULL,
    "projectName" TEXT,
    "branch" TEXT,
    "problemId" INTEGER,
    "buildId" INTEGER,
    "bisectionId" INTEGER,
    "hostId" INTEGER,
    "subject" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "thread" TEXT NOT NULL,
    "data" JSONB NOT NULL DEFAULT '{}',
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "nextAt" TIMESTAMPTZ(3) NOT NULL,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "bundle" INTEGER,
    "deliveredAt" TIMESTAMPTZ(3),
    "gaveUpAt" TIMESTAMPTZ(3),
    "problem" TEXT,
    "note" TEXT,
    CONSTRAINT "Notification_pkey" PRIMARY KEY ("id"),
    CONSTRAINT known_event CHECK ("event" IN ('newly-failing', 'fixed', 'still-failing', 'build', 'bisected', 'host-silent', 'host-back', 'test'))
);
CREATE UNIQUE INDEX "Notification_subject_channel_key" ON "Notification" ("subject", "channel");
CREATE INDEX "Notification_problemId_idx" ON "Notification" ("problemId");
CREATE INDEX "Notification_hostId_id_idx" ON "Notification" ("hostId", "id");
-- The messages that are not sent yet, by the time of the next try and by thread.
CREATE INDEX waiting_notifications ON "Notification" ("nextAt") WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL;
CREATE INDEX waiting_notifications_of_thread ON "Notification" ("channel", "thread", "id") WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL;

-- The alerts of hosts become notifications with the same state.
INSERT INTO "Notification" ("event", "hostId", "subject", "channel", "thread", "data", "createdAt", "nextAt", "tries", "deliveredAt", "gaveUpAt", "problem")
SELECT CASE "kind" WHEN 'host.silent' THEN 'host-silent' ELSE 'host-back' END, "hostId",
       'host-alert:' || "id", 'host:' || "hostId" || ':url', 'host:' || "hostId",
       jsonb_build_object('since', to_char("since" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'attempts', "attempts"::jsonb),
       "createdAt", "nextAt", "tries", "deliveredAt", "gaveUpAt", "problem"
  FROM "HostAlert" ORDER BY "id";
DROP TABLE "HostAlert";

-- The failures that exist now become problems without a message, so that the update of a farm sends no mail about them.
INSERT INTO "Problem" ("projectName", "branch", "key", "fingerprint", "step", "verdict", "openedAt", "openedBuildId")
SELECT DISTINCT ON ("projectName", "branch", COALESCE("fingerprint", concat_ws(' ', "verdict", "failedStep")))
       "projectName", "branch", COALESCE("fingerprint", concat_ws(' ', "verdict", "failedStep")), "fingerprint", "failedStep",
       "verdict", "sinceAt", "sinceBuildId"
  FROM "Cell" JOIN "Host" host ON host."id" = "hostId" AND host."removedAt" IS NULL
 WHERE "state" IN ('newly-failing', 'still-failing', 'failing-differently') AND "verdict" IN ('failed', 'timed-out')
 ORDER BY "projectName", "branch", COALESCE("fingerprint", concat_ws(' ', "verdict", "failedStep")), "sinceAt";
INSERT INTO "ProblemCell" ("problemId", "projectName", "branch", "hostId", "arch", "variant", "jobId", "number",
       "sinceBuildId", "sinceCommit", "sinceAt", "lastGoodBuildId", "lastGoodCommit")
SELECT problem."id", cell."projectName", cell."branch", cell."hostId", cell."arch", cell."variant", cell."jobId", cell."number",
       cell."sinceBuildId", cell."sinceCommit", cell."sinceAt", cell."lastGoodBuildId", cell."lastGoodCommit"
  FROM "Cell" cell JOIN "Host" host ON host."id" = cell."hostId" AND host."removedAt" IS NULL
  JOIN "Problem" problem ON problem."projectName" = cell."projectName" AND problem."branch" = cell."branch"
   AND problem."key" = COALESCE(cell."fingerprint", concat_ws(' ', cell."verdict", cell."failedStep"))
 WHERE cell."state" IN ('newly-failing', 'still-failing', 'failing-differently') AND cell."verdict" IN ('failed', 'timed-out');
