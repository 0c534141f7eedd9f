-- The database's schema, as the migrations create it: tables with their indexes and settings, then the foreign keys, then
-- the views.
-- "node prisma/tools/migrate.mjs dump" writes this file from a migrated database, and a test compares the two. Do not edit it.

CREATE TABLE "AcceptedFile" (
  sum text NOT NULL,
  "acceptedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "AcceptedFile_pkey" PRIMARY KEY (sum)
);

CREATE TABLE "Acknowledgement" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  kind text NOT NULL,
  fingerprint text,
  branch text,
  "hostId" integer,
  arch text,
  variant text,
  note text NOT NULL,
  owner text NOT NULL,
  link text,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "expiresAt" timestamp(3) with time zone NOT NULL,
  "endedAt" timestamp(3) with time zone,
  CONSTRAINT "Acknowledgement_pkey" PRIMARY KEY (id),
  CONSTRAINT cell_or_fingerprint CHECK (kind = 'fingerprint'::text AND fingerprint IS NOT NULL AND branch IS NULL AND "hostId" IS NULL AND arch IS NULL AND variant IS NULL OR kind = 'cell'::text AND branch IS NOT NULL AND "hostId" IS NOT NULL AND arch IS NOT NULL AND variant IS NOT NULL)
);
CREATE INDEX "Acknowledgement_expiresAt_idx" ON "Acknowledgement" USING btree ("expiresAt");
CREATE INDEX "Acknowledgement_projectName_expiresAt_idx" ON "Acknowledgement" USING btree ("projectName", "expiresAt");

CREATE TABLE "ApiToken" (
  id serial NOT NULL,
  name text NOT NULL,
  hash text NOT NULL,
  scope text NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "revokedAt" timestamp(3) with time zone,
  "lastUsedAt" timestamp(3) with time zone,
  CONSTRAINT "ApiToken_pkey" PRIMARY KEY (id),
  CONSTRAINT token_scope CHECK (scope = ANY (ARRAY['admin'::text, 'trigger'::text, 'try'::text]))
);
CREATE UNIQUE INDEX "ApiToken_hash_key" ON "ApiToken" USING btree (hash);
CREATE UNIQUE INDEX "ApiToken_name_key" ON "ApiToken" USING btree (name);

CREATE TABLE "Artifact" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  name text NOT NULL,
  bytes integer NOT NULL,
  sum text,
  sha256 text,
  "sealedAt" timestamp(3) with time zone,
  "isResult" boolean DEFAULT false NOT NULL,
  CONSTRAINT "Artifact_pkey" PRIMARY KEY ("jobId", number, name),
  CONSTRAINT sealed_has_sums CHECK ("sealedAt" IS NULL OR sum IS NOT NULL AND sha256 IS NOT NULL)
);

CREATE TABLE "Bisection" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  branch text NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  "goodCommit" text NOT NULL,
  "badCommit" text NOT NULL,
  "badJobId" bigint NOT NULL,
  verdict text NOT NULL,
  "failedStep" text,
  fingerprint text,
  symbol text,
  file text,
  "expectedMs" integer,
  "startedBy" text NOT NULL,
  "ruleVersion" integer NOT NULL,
  "noiseRuns" integer NOT NULL,
  "noiseFailed" integer NOT NULL,
  "budgetSeconds" integer NOT NULL,
  "pauseSeconds" integer NOT NULL,
  "runsMax" integer DEFAULT 0 NOT NULL,
  state text NOT NULL,
  problem text,
  "nextAt" timestamp(3) with time zone,
  "cancelRequestedAt" timestamp(3) with time zone,
  outcome text,
  words text,
  low integer,
  high integer,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "finishedAt" timestamp(3) with time zone,
  "mergeOf" integer,
  "failureRate" double precision,
  CONSTRAINT "Bisection_pkey" PRIMARY KEY (id),
  CONSTRAINT known_state CHECK (state = ANY (ARRAY['preparing'::text, 'running'::text, 'finished'::text])),
  CONSTRAINT outcome_of_finished CHECK ((state = 'finished'::text) = (outcome IS NOT NULL)),
  CONSTRAINT possible_rate CHECK ("failureRate" > 0::double precision AND "failureRate" < 1::double precision)
);
CREATE INDEX "Bisection_projectName_branch_fingerprint_id_idx" ON "Bisection" USING btree ("projectName", branch, fingerprint, id);
CREATE INDEX "Bisection_projectName_id_idx" ON "Bisection" USING btree ("projectName", id);
CREATE INDEX answered_bisections ON "Bisection" USING btree ("projectName", branch, id) WHERE outcome = ANY (ARRAY['confirmed'::text, 'range'::text, 'host-changed'::text, 'flaky'::text, 'other-failure'::text, 'noisy'::text]);
CREATE UNIQUE INDEX one_search_inside_a_merge ON "Bisection" USING btree ("mergeOf") WHERE "mergeOf" IS NOT NULL;
CREATE INDEX open_bisections ON "Bisection" USING btree (id) WHERE state <> 'finished'::text;

CREATE TABLE "BisectionCell" (
  "bisectionId" integer NOT NULL,
  number integer NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  "jobId" bigint NOT NULL,
  CONSTRAINT "BisectionCell_pkey" PRIMARY KEY ("bisectionId", number)
);
CREATE UNIQUE INDEX "BisectionCell_bisectionId_hostId_arch_variant_key" ON "BisectionCell" USING btree ("bisectionId", "hostId", arch, variant);
CREATE INDEX "BisectionCell_hostId_arch_variant_bisectionId_idx" ON "BisectionCell" USING btree ("hostId", arch, variant, "bisectionId");

CREATE TABLE "BisectionCommit" (
  "bisectionId" integer NOT NULL,
  "position" integer NOT NULL,
  commit text NOT NULL,
  author text NOT NULL,
  subject text NOT NULL,
  weight double precision NOT NULL,
  doubt text,
  "linesRead" boolean DEFAULT false NOT NULL,
  CONSTRAINT "BisectionCommit_pkey" PRIMARY KEY ("bisectionId", "position")
);

CREATE TABLE "Branch" (
  "projectName" text NOT NULL,
  name text NOT NULL,
  "pushedAt" timestamp(3) with time zone NOT NULL,
  "historyWantedAt" timestamp(3) with time zone,
  assumed boolean DEFAULT false NOT NULL,
  "removedAt" timestamp(3) with time zone,
  "returnedAt" timestamp(3) with time zone,
  CONSTRAINT "Branch_pkey" PRIMARY KEY ("projectName", name)
);
CREATE INDEX "Branch_projectName_pushedAt_idx" ON "Branch" USING btree ("projectName", "pushedAt");
CREATE INDEX histories_to_read ON "Branch" USING btree ("historyWantedAt") WHERE "historyWantedAt" IS NOT NULL;
CREATE INDEX present_branches ON "Branch" USING btree ("projectName", "pushedAt") WHERE "removedAt" IS NULL;
CREATE INDEX removed_branches ON "Branch" USING btree ("removedAt") WHERE "removedAt" IS NOT NULL;
CREATE INDEX returned_branches ON "Branch" USING btree ("returnedAt") WHERE "returnedAt" IS NOT NULL;

CREATE TABLE "BranchCommit" (
  "projectName" text NOT NULL,
  commit text NOT NULL,
  branch text NOT NULL,
  "position" integer NOT NULL,
  settled boolean DEFAULT false NOT NULL,
  CONSTRAINT "BranchCommit_pkey" PRIMARY KEY ("projectName", commit, branch)
);
CREATE INDEX "BranchCommit_projectName_branch_position_idx" ON "BranchCommit" USING btree ("projectName", branch, "position");

CREATE TABLE "Build" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  commit text NOT NULL,
  branch text,
  subject text,
  author text,
  "createdAt" timestamp(3) with time zone NOT NULL,
  sources text DEFAULT 'pending'::text NOT NULL,
  "sourcesInfo" jsonb,
  reason text DEFAULT 'push'::text NOT NULL,
  "recipeHash" text DEFAULT ''::text NOT NULL,
  kind text DEFAULT 'branch'::text NOT NULL,
  cause text DEFAULT 'push'::text NOT NULL,
  "causeDetail" text,
  tag text,
  "pullRequestId" integer,
  fork boolean DEFAULT false NOT NULL,
  "sourcesTries" integer DEFAULT 0 NOT NULL,
  "sourcesSince" timestamp(3) with time zone,
  "sourcesNextAt" timestamp(3) with time zone,
  "expiryDoneAt" timestamp(3) with time zone,
  CONSTRAINT "Build_pkey" PRIMARY KEY (id),
  CONSTRAINT branch_of_build CHECK (kind = 'branch'::text OR branch IS NULL),
  CONSTRAINT build_cause CHECK (cause = ANY (ARRAY['push'::text, 'hand'::text, 'poll'::text, 'schedule'::text, 'source'::text, 'bisection'::text])),
  CONSTRAINT build_kind CHECK (kind = ANY (ARRAY['branch'::text, 'tag'::text, 'pull-request'::text, 'try'::text])),
  CONSTRAINT build_sources CHECK (sources = ANY (ARRAY['pending'::text, 'ready'::text, 'failed'::text])),
  CONSTRAINT pull_request_of_build CHECK ((kind = 'pull-request'::text) = ("pullRequestId" IS NOT NULL)),
  CONSTRAINT tag_of_build CHECK ((kind = 'tag'::text) = (tag IS NOT NULL))
);
CREATE UNIQUE INDEX "Build_projectName_commit_reason_recipeHash_key" ON "Build" USING btree ("projectName", commit, reason, "recipeHash");
CREATE INDEX "Build_projectName_id_cause_idx" ON "Build" USING btree ("projectName", id, cause);
CREATE INDEX "Build_sources_idx" ON "Build" USING btree (sources);
CREATE INDEX builds_of_pull_request ON "Build" USING btree ("pullRequestId", commit, id) WHERE "pullRequestId" IS NOT NULL;
CREATE INDEX builds_to_prepare ON "Build" USING btree (id) WHERE sources = 'pending'::text;
CREATE INDEX builds_with_files ON "Build" USING btree ("projectName", id) WHERE "expiryDoneAt" IS NULL;
ALTER TABLE "Build" SET (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.02, autovacuum_vacuum_insert_threshold=10000);

CREATE TABLE "CachedFile" (
  path text NOT NULL,
  bytes bigint NOT NULL,
  "usedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "CachedFile_pkey" PRIMARY KEY (path)
);
CREATE INDEX "CachedFile_usedAt_idx" ON "CachedFile" USING btree ("usedAt");

CREATE TABLE "CachedTotal" (
  id integer DEFAULT 1 NOT NULL,
  bytes bigint NOT NULL,
  CONSTRAINT "CachedTotal_pkey" PRIMARY KEY (id),
  CONSTRAINT one_cached_total CHECK (id = 1)
);

CREATE TABLE "Cell" (
  "projectName" text NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  "jobId" bigint NOT NULL,
  "buildId" integer NOT NULL,
  commit text NOT NULL,
  verdict text NOT NULL,
  "failedStep" text,
  "finishedAt" timestamp(3) with time zone NOT NULL,
  "sinceBuildId" integer NOT NULL,
  "sinceCommit" text NOT NULL,
  "sinceAt" timestamp(3) with time zone NOT NULL,
  "lastGoodBuildId" integer,
  "lastGoodCommit" text,
  "lastGoodAt" timestamp(3) with time zone,
  "changedAt" timestamp(3) with time zone NOT NULL,
  "changedBuildId" integer NOT NULL,
  "changedCommit" text NOT NULL,
  branch text NOT NULL,
  changes integer DEFAULT 0 NOT NULL,
  "expectedMs" integer,
  fingerprint text,
  flaky boolean DEFAULT false NOT NULL,
  "lastGoodJobId" bigint,
  number integer NOT NULL,
  results integer DEFAULT 0 NOT NULL,
  "sinceJobId" bigint NOT NULL,
  state text NOT NULL,
  "writtenAt" timestamp(3) with time zone DEFAULT CURRENT_TIMESTAMP NOT NULL,
  "testsMissing" boolean DEFAULT false NOT NULL,
  CONSTRAINT "Cell_pkey" PRIMARY KEY ("projectName", branch, "hostId", arch, variant)
);
CREATE INDEX "Cell_writtenAt_idx" ON "Cell" USING brin ("writtenAt") WITH (pages_per_range='4', autosummarize='on');
CREATE INDEX newly_failing_cells ON "Cell" USING btree ("projectName", branch) WHERE state = 'newly-failing'::text;
CREATE INDEX notable_cells ON "Cell" USING btree ("projectName", branch, variant) WHERE state <> 'passing'::text OR flaky OR verdict <> 'passed'::text OR "testsMissing";

CREATE TABLE "Channel" (
  key text NOT NULL,
  kind text NOT NULL,
  label text NOT NULL,
  target jsonb NOT NULL,
  rules jsonb NOT NULL,
  "removedAt" timestamp(3) with time zone,
  "disabledAt" timestamp(3) with time zone,
  problem text,
  CONSTRAINT "Channel_pkey" PRIMARY KEY (key)
);

CREATE TABLE "Commit" (
  repository text NOT NULL,
  commit text NOT NULL,
  parent text,
  author text NOT NULL,
  subject text NOT NULL,
  "committedAt" timestamp(3) with time zone NOT NULL,
  "authorMail" text,
  CONSTRAINT "Commit_pkey" PRIMARY KEY (repository, commit)
);

CREATE TABLE "CommitStatus" (
  id bigserial NOT NULL,
  "projectName" text NOT NULL,
  commit text NOT NULL,
  api text NOT NULL,
  repository text NOT NULL,
  context text NOT NULL,
  "buildId" integer,
  "jobId" bigint,
  branch text,
  state text NOT NULL,
  description text NOT NULL,
  version integer DEFAULT 1 NOT NULL,
  "sentVersion" integer DEFAULT 0 NOT NULL,
  "changedAt" timestamp(3) with time zone NOT NULL,
  "sentAt" timestamp(3) with time zone,
  "nextAt" timestamp(3) with time zone NOT NULL,
  tries integer DEFAULT 0 NOT NULL,
  "gaveUpAt" timestamp(3) with time zone,
  problem text,
  "pullRequest" integer,
  CONSTRAINT "CommitStatus_pkey" PRIMARY KEY (id),
  CONSTRAINT commit_status_page CHECK ("buildId" IS NOT NULL OR "pullRequest" IS NOT NULL),
  CONSTRAINT commit_status_state CHECK (state = ANY (ARRAY['pending'::text, 'running'::text, 'success'::text, 'failure'::text, 'error'::text, 'cancelled'::text])),
  CONSTRAINT commit_status_version CHECK ("sentVersion" >= 0 AND "sentVersion" <= version)
);
CREATE INDEX "CommitStatus_projectName_changedAt_idx" ON "CommitStatus" USING btree ("projectName", "changedAt");
CREATE UNIQUE INDEX "CommitStatus_projectName_commit_api_repository_context_key" ON "CommitStatus" USING btree ("projectName", commit, api, repository, context);
CREATE INDEX commit_status_given_up ON "CommitStatus" USING btree ("projectName", "changedAt") WHERE "gaveUpAt" IS NOT NULL;
CREATE INDEX commit_status_to_send ON "CommitStatus" USING btree ("nextAt") WHERE "sentVersion" < version AND "gaveUpAt" IS NULL;

CREATE TABLE "Configuration" (
  id integer DEFAULT 1 NOT NULL,
  "acceptedAt" timestamp(3) with time zone,
  hash text,
  problems text,
  "refusedAt" timestamp(3) with time zone,
  "notifyAfterSeconds" integer DEFAULT 60 NOT NULL,
  "fileSum" text,
  "acceptedBy" text,
  "refusedBy" text,
  CONSTRAINT "Configuration_pkey" PRIMARY KEY (id),
  CONSTRAINT one_configuration CHECK (id = 1)
);

CREATE TABLE "DamagedLog" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "foundAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "DamagedLog_pkey" PRIMARY KEY ("jobId", number)
);

CREATE TABLE "Delivery" (
  id serial NOT NULL,
  sender text NOT NULL,
  scope text DEFAULT ''::text NOT NULL,
  "deliveryId" text,
  event text NOT NULL,
  "receivedAt" timestamp(3) with time zone NOT NULL,
  times integer DEFAULT 1 NOT NULL,
  headers jsonb NOT NULL,
  body text NOT NULL,
  "bodyBytes" integer NOT NULL,
  content jsonb,
  projects text[],
  outcome text NOT NULL,
  reason text,
  results jsonb DEFAULT '[]'::jsonb NOT NULL,
  state text NOT NULL,
  tries integer DEFAULT 0 NOT NULL,
  since timestamp(3) with time zone NOT NULL,
  "nextAt" timestamp(3) with time zone,
  CONSTRAINT "Delivery_pkey" PRIMARY KEY (id),
  CONSTRAINT delivery_outcome CHECK (outcome = ANY (ARRAY['waiting'::text, 'retrying'::text, 'built'::text, 'handled'::text, 'ignored'::text, 'failed'::text, 'refused'::text, 'pong'::text])),
  CONSTRAINT delivery_state CHECK ((state = ANY (ARRAY['pending'::text, 'done'::text])) AND (state = 'pending'::text) = ("nextAt" IS NOT NULL))
);
CREATE UNIQUE INDEX "Delivery_sender_scope_deliveryId_key" ON "Delivery" USING btree (sender, scope, "deliveryId");
CREATE INDEX pending_deliveries ON "Delivery" USING btree ("nextAt") WHERE state = 'pending'::text;

CREATE TABLE "Examination" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "wantedAt" timestamp(3) with time zone NOT NULL,
  tries integer DEFAULT 0 NOT NULL,
  problem text,
  CONSTRAINT "Examination_pkey" PRIMARY KEY ("jobId", number)
);
CREATE INDEX "Examination_wantedAt_idx" ON "Examination" USING btree ("wantedAt");
ALTER TABLE "Examination" SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, vacuum_truncate=off);

CREATE TABLE "ExpiredBuild" (
  id integer NOT NULL,
  "projectName" text NOT NULL,
  "firstJobId" bigint NOT NULL,
  "lastJobId" bigint NOT NULL,
  "expiredAt" timestamp(3) with time zone NOT NULL,
  "keptDays" integer NOT NULL,
  CONSTRAINT "ExpiredBuild_pkey" PRIMARY KEY (id)
);
CREATE INDEX "ExpiredBuild_lastJobId_idx" ON "ExpiredBuild" USING btree ("lastJobId");

CREATE TABLE "Failure" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "projectName" text NOT NULL,
  "buildId" integer NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  step text NOT NULL,
  exit integer,
  fingerprint text NOT NULL,
  rule text NOT NULL,
  symbol text,
  text text NOT NULL,
  message text NOT NULL,
  line integer,
  excerpt jsonb NOT NULL,
  others jsonb DEFAULT '[]'::jsonb NOT NULL,
  errors integer DEFAULT 0 NOT NULL,
  "fromHost" boolean DEFAULT false NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "skippedBytes" integer DEFAULT 0 NOT NULL,
  CONSTRAINT "Failure_pkey" PRIMARY KEY ("jobId", number)
);
CREATE INDEX "Failure_buildId_fingerprint_idx" ON "Failure" USING btree ("buildId", fingerprint);
CREATE INDEX "Failure_projectName_fingerprint_buildId_idx" ON "Failure" USING btree ("projectName", fingerprint, "buildId");
CREATE INDEX failures_by_symbol ON "Failure" USING btree ("buildId", symbol) WHERE symbol IS NOT NULL;
ALTER TABLE "Failure" SET (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.02, autovacuum_vacuum_insert_threshold=10000);

CREATE TABLE "FileToDelete" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  kind text NOT NULL,
  names text[],
  "nextAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "FileToDelete_pkey" PRIMARY KEY ("jobId", number, kind),
  CONSTRAINT file_to_delete_kind CHECK (kind = ANY (ARRAY['log'::text, 'artifacts'::text]))
);
CREATE INDEX "FileToDelete_nextAt_idx" ON "FileToDelete" USING btree ("nextAt");

CREATE TABLE "FinishedAttempt" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "hostId" integer NOT NULL,
  priority integer DEFAULT 30 NOT NULL,
  fork boolean DEFAULT false NOT NULL,
  "projectName" text,
  "buildId" integer,
  "queuedAt" timestamp(3) with time zone NOT NULL,
  slot integer,
  lease text,
  "leasedAt" timestamp(3) with time zone,
  "startedAt" timestamp(3) with time zone,
  "finishedAt" timestamp(3) with time zone NOT NULL,
  "cancelRequestedAt" timestamp(3) with time zone,
  steps jsonb DEFAULT '[]'::jsonb NOT NULL,
  verdict text NOT NULL,
  "failedStep" text,
  reason text,
  detail text,
  "logBytes" bigint DEFAULT 0 NOT NULL,
  compiler text,
  purpose text DEFAULT 'build'::text NOT NULL,
  "logSum" text,
  "artifactNote" text,
  CONSTRAINT "FinishedAttempt_pkey" PRIMARY KEY ("jobId", number),
  CONSTRAINT finished_attempt_verdict CHECK (verdict = ANY (ARRAY['passed'::text, 'failed'::text, 'timed-out'::text, 'cancelled'::text, 'lost'::text, 'broken'::text])),
  CONSTRAINT known_finished_purpose CHECK (purpose = ANY (ARRAY['build'::text, 'retry'::text, 'lost'::text, 'confirm'::text, 'probe'::text]))
);
CREATE INDEX finished_attempts ON "FinishedAttempt" USING btree ("finishedAt", "jobId");
CREATE INDEX lost_attempts ON "FinishedAttempt" USING btree ("finishedAt") WHERE verdict = 'lost'::text;
ALTER TABLE "FinishedAttempt" SET (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.01, autovacuum_vacuum_insert_threshold=10000, autovacuum_vacuum_scale_factor=0.01, autovacuum_vacuum_threshold=10000);

CREATE TABLE "Host" (
  id serial NOT NULL,
  name text NOT NULL,
  "credentialHash" text NOT NULL,
  facts jsonb NOT NULL,
  slots integer DEFAULT 1 NOT NULL,
  "agentVersion" text NOT NULL,
  instance text,
  "enrolledAt" timestamp(3) with time zone NOT NULL,
  "lastSeenAt" timestamp(3) with time zone NOT NULL,
  "awaySince" timestamp(3) with time zone,
  refusal text,
  "diskFreeMb" integer,
  "pausedAt" timestamp(3) with time zone,
  "removedAt" timestamp(3) with time zone,
  "keyNonce" text,
  "keySeed" text,
  rules jsonb DEFAULT '[]'::jsonb NOT NULL,
  "alertSeed" text,
  "alertUrl" text,
  "silentSince" timestamp(3) with time zone,
  "alertMail" text,
  "recentJobMs" integer[] DEFAULT '{}'::integer[] NOT NULL,
  CONSTRAINT "Host_pkey" PRIMARY KEY (id),
  CONSTRAINT "Host_key_check" CHECK (("keySeed" IS NULL) = ("keyNonce" IS NULL)),
  CONSTRAINT alert_has_seed CHECK (("alertUrl" IS NULL) = ("alertSeed" IS NULL))
);
CREATE UNIQUE INDEX "Host_credentialHash_key" ON "Host" USING btree ("credentialHash");
CREATE UNIQUE INDEX "Host_name_key" ON "Host" USING btree (name);
ALTER TABLE "Host" SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, fillfactor=70);

CREATE TABLE "HostArch" (
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  kind text NOT NULL,
  compiler text DEFAULT ''::text NOT NULL,
  unable text,
  CONSTRAINT "HostArch_pkey" PRIMARY KEY ("hostId", arch),
  CONSTRAINT host_arch_kind CHECK (kind = ANY (ARRAY['native'::text, 'cross'::text]))
);

CREATE TABLE "HostFacts" (
  id serial NOT NULL,
  "hostId" integer NOT NULL,
  since timestamp(3) with time zone NOT NULL,
  facts jsonb NOT NULL,
  CONSTRAINT "HostFacts_pkey" PRIMARY KEY (id)
);
CREATE INDEX "HostFacts_hostId_since_idx" ON "HostFacts" USING btree ("hostId", since);

CREATE TABLE "HostTurn" (
  "hostId" integer NOT NULL,
  "projectName" text NOT NULL,
  "lastAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "HostTurn_pkey" PRIMARY KEY ("hostId", "projectName")
);
ALTER TABLE "HostTurn" SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, fillfactor=70);

CREATE TABLE "Invitation" (
  id serial NOT NULL,
  "hostName" text NOT NULL,
  "tokenHash" text NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "expiresAt" timestamp(3) with time zone NOT NULL,
  "usedAt" timestamp(3) with time zone,
  "usedNonce" text,
  seed text,
  CONSTRAINT "Invitation_pkey" PRIMARY KEY (id)
);
CREATE INDEX "Invitation_expiresAt_idx" ON "Invitation" USING btree ("expiresAt");
CREATE UNIQUE INDEX "Invitation_tokenHash_key" ON "Invitation" USING btree ("tokenHash");

CREATE TABLE "Job" (
  id bigserial NOT NULL,
  "buildId" integer NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  "recipeHash" text NOT NULL,
  branch text,
  "projectName" text NOT NULL,
  status text DEFAULT 'open'::text NOT NULL,
  "artifactsExpiredAt" timestamp(3) with time zone,
  "logExpiredAt" timestamp(3) with time zone,
  CONSTRAINT "Job_pkey" PRIMARY KEY (id),
  CONSTRAINT job_status CHECK (status = ANY (ARRAY['open'::text, 'passed'::text, 'failed'::text, 'timed-out'::text, 'cancelled'::text, 'lost'::text, 'broken'::text]))
);
CREATE UNIQUE INDEX "Job_buildId_hostId_arch_variant_key" ON "Job" USING btree ("buildId", "hostId", arch, variant);
CREATE INDEX "Job_buildId_status_idx" ON "Job" USING btree ("buildId", status);
CREATE INDEX ended_jobs_of_arch ON "Job" USING btree (arch, "projectName", status, id) WHERE status <> 'open'::text;
CREATE INDEX ended_jobs_of_host ON "Job" USING btree ("hostId", "projectName", status, id) WHERE status <> 'open'::text;
CREATE INDEX ended_jobs_of_project ON "Job" USING btree ("projectName", status, id) WHERE status <> 'open'::text;
CREATE INDEX ended_jobs_of_variant ON "Job" USING btree (variant, "projectName", status, id) WHERE status <> 'open'::text;
CREATE INDEX results_of_cell ON "Job" USING btree ("hostId", arch, variant, "projectName", branch, id) WHERE status = ANY (ARRAY['passed'::text, 'failed'::text, 'timed-out'::text]);
ALTER TABLE "Job" SET (autovacuum_analyze_scale_factor=0.02, autovacuum_vacuum_insert_scale_factor=0.01, autovacuum_vacuum_insert_threshold=10000, autovacuum_vacuum_scale_factor=0.05);

CREATE TABLE "LogToPack" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "nextAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "LogToPack_pkey" PRIMARY KEY ("jobId", number)
);
CREATE INDEX "LogToPack_nextAt_idx" ON "LogToPack" USING btree ("nextAt");

CREATE TABLE "Login" (
  id serial NOT NULL,
  "linkHash" text NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "expiresAt" timestamp(3) with time zone NOT NULL,
  "usedAt" timestamp(3) with time zone,
  "sessionHash" text,
  "tokenHash" text NOT NULL,
  CONSTRAINT "Login_pkey" PRIMARY KEY (id)
);
CREATE INDEX "Login_expiresAt_idx" ON "Login" USING btree ("expiresAt");
CREATE UNIQUE INDEX "Login_linkHash_key" ON "Login" USING btree ("linkHash");
CREATE UNIQUE INDEX "Login_sessionHash_key" ON "Login" USING btree ("sessionHash");
CREATE INDEX "Login_tokenHash_idx" ON "Login" USING btree ("tokenHash");

CREATE TABLE "Notification" (
  id serial NOT NULL,
  event text NOT NULL,
  "projectName" text,
  branch text,
  "problemId" integer,
  "buildId" integer,
  "bisectionId" integer,
  "hostId" integer,
  subject text NOT NULL,
  channel text NOT NULL,
  thread text NOT NULL,
  data jsonb DEFAULT '{}'::jsonb NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "nextAt" timestamp(3) with time zone NOT NULL,
  tries integer DEFAULT 0 NOT NULL,
  bundle integer,
  "deliveredAt" timestamp(3) with time zone,
  "gaveUpAt" timestamp(3) with time zone,
  problem text,
  note text,
  CONSTRAINT "Notification_pkey" PRIMARY KEY (id),
  CONSTRAINT known_event CHECK (event = ANY (ARRAY['newly-failing'::text, 'fixed'::text, 'still-failing'::text, 'build'::text, 'bisected'::text, 'host-silent'::text, 'host-back'::text, 'test'::text, 'confirm'::text]))
);
CREATE INDEX "Notification_hostId_id_idx" ON "Notification" USING btree ("hostId", id);
CREATE INDEX "Notification_problemId_idx" ON "Notification" USING btree ("problemId");
CREATE UNIQUE INDEX "Notification_subject_channel_key" ON "Notification" USING btree (subject, channel);
CREATE INDEX confirmations ON "Notification" USING btree ("createdAt") WHERE event = 'confirm'::text;
CREATE INDEX sent_notifications ON "Notification" USING btree ("createdAt") WHERE "deliveredAt" IS NOT NULL OR "gaveUpAt" IS NOT NULL;
CREATE INDEX waiting_notifications ON "Notification" USING btree ("nextAt") WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL;
CREATE INDEX waiting_notifications_of_thread ON "Notification" USING btree (channel, thread, id) WHERE "deliveredAt" IS NULL AND "gaveUpAt" IS NULL;

CREATE TABLE "OpenAttempt" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "hostId" integer NOT NULL,
  priority integer DEFAULT 30 NOT NULL,
  fork boolean DEFAULT false NOT NULL,
  "projectName" text NOT NULL,
  "buildId" integer NOT NULL,
  state text NOT NULL,
  "hasSources" boolean GENERATED ALWAYS AS (state <> 'waiting'::text) STORED NOT NULL,
  "queuedAt" timestamp(3) with time zone NOT NULL,
  slot integer,
  claim integer,
  lease text,
  instance text,
  "leaseUntil" timestamp(3) with time zone,
  "leasedAt" timestamp(3) with time zone,
  "startedAt" timestamp(3) with time zone,
  "cancelRequestedAt" timestamp(3) with time zone,
  steps jsonb DEFAULT '[]'::jsonb NOT NULL,
  detail text,
  purpose text DEFAULT 'build'::text NOT NULL,
  CONSTRAINT "OpenAttempt_pkey" PRIMARY KEY ("jobId"),
  CONSTRAINT known_open_purpose CHECK (purpose = ANY (ARRAY['build'::text, 'retry'::text, 'lost'::text, 'confirm'::text, 'probe'::text])),
  CONSTRAINT leased_has_lease CHECK (slot IS NULL OR claim IS NOT NULL AND lease IS NOT NULL AND "leaseUntil" IS NOT NULL),
  CONSTRAINT only_leased_has_slot CHECK ((state = ANY (ARRAY['leased'::text, 'running'::text])) = (slot IS NOT NULL)),
  CONSTRAINT open_attempt_state CHECK (state = ANY (ARRAY['waiting'::text, 'queued'::text, 'leased'::text, 'running'::text])),
  CONSTRAINT unclaimed_has_no_lease CHECK (slot IS NOT NULL OR lease IS NULL)
);
CREATE INDEX claimable_attempts ON "OpenAttempt" USING btree ("hostId", "projectName", priority DESC, "buildId" DESC, "jobId") WHERE slot IS NULL AND "hasSources";
CREATE UNIQUE INDEX one_attempt_per_slot ON "OpenAttempt" USING btree ("hostId", slot) WHERE slot IS NOT NULL;
CREATE INDEX open_attempts_in_order ON "OpenAttempt" USING btree ("queuedAt", "jobId");
CREATE INDEX open_attempts_of_host ON "OpenAttempt" USING btree ("hostId", "projectName", "buildId");
ALTER TABLE "OpenAttempt" SET (autovacuum_analyze_scale_factor=0, autovacuum_analyze_threshold=2000, autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000, fillfactor=50, vacuum_truncate=off);

CREATE TABLE "OutdatedObject" (
  object text NOT NULL,
  "deleteAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "OutdatedObject_pkey" PRIMARY KEY (object)
);
CREATE INDEX "OutdatedObject_deleteAt_idx" ON "OutdatedObject" USING btree ("deleteAt");

CREATE TABLE "PolledRef" (
  repository text NOT NULL,
  ref text NOT NULL,
  commit text NOT NULL,
  missing integer DEFAULT 0 NOT NULL,
  CONSTRAINT "PolledRef_pkey" PRIMARY KEY (repository, ref)
);

CREATE TABLE "PolledRepository" (
  repository text NOT NULL,
  "everySeconds" integer,
  "nextAt" timestamp(3) with time zone,
  "startedAt" timestamp(3) with time zone,
  "lookedAt" timestamp(3) with time zone,
  failures integer DEFAULT 0 NOT NULL,
  problem text,
  "failingSince" timestamp(3) with time zone,
  CONSTRAINT "PolledRepository_pkey" PRIMARY KEY (repository)
);
CREATE INDEX "PolledRepository_nextAt_idx" ON "PolledRepository" USING btree ("nextAt");

CREATE TABLE "Probe" (
  "bisectionId" integer NOT NULL,
  number integer NOT NULL,
  "position" integer NOT NULL,
  cell integer NOT NULL,
  "hostId" integer NOT NULL,
  purpose text,
  "jobId" bigint NOT NULL,
  attempt integer NOT NULL,
  verdict text,
  fingerprint text,
  "costMs" integer DEFAULT 0 NOT NULL,
  reason text,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "endedAt" timestamp(3) with time zone,
  CONSTRAINT "Probe_pkey" PRIMARY KEY ("bisectionId", number),
  CONSTRAINT known_verdict CHECK (verdict = ANY (ARRAY['good'::text, 'bad'::text, 'other'::text, 'none'::text])),
  CONSTRAINT result_has_verdict CHECK (purpose IS NOT NULL OR verdict IS NOT NULL)
);
CREATE UNIQUE INDEX "Probe_bisectionId_jobId_attempt_key" ON "Probe" USING btree ("bisectionId", "jobId", attempt);
CREATE UNIQUE INDEX one_open_probe_per_host ON "Probe" USING btree ("hostId") WHERE purpose IS NOT NULL AND verdict IS NULL;

CREATE TABLE "Problem" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  branch text NOT NULL,
  key text NOT NULL,
  fingerprint text,
  step text,
  verdict text NOT NULL,
  "openedAt" timestamp(3) with time zone NOT NULL,
  "openedBuildId" integer NOT NULL,
  "closedAt" timestamp(3) with time zone,
  CONSTRAINT "Problem_pkey" PRIMARY KEY (id)
);
CREATE INDEX "Problem_projectName_branch_id_idx" ON "Problem" USING btree ("projectName", branch, id);
CREATE INDEX closed_problems ON "Problem" USING btree ("projectName", "closedAt") WHERE "closedAt" IS NOT NULL;
CREATE UNIQUE INDEX one_open_problem_per_key ON "Problem" USING btree ("projectName", branch, key) WHERE "closedAt" IS NULL;

CREATE TABLE "ProblemCell" (
  id serial NOT NULL,
  "problemId" integer NOT NULL,
  "projectName" text NOT NULL,
  branch text NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "sinceBuildId" integer NOT NULL,
  "sinceCommit" text NOT NULL,
  "sinceAt" timestamp(3) with time zone NOT NULL,
  "lastGoodBuildId" integer,
  "lastGoodCommit" text,
  "endedAt" timestamp(3) with time zone,
  ended text,
  "endedBuildId" integer,
  CONSTRAINT "ProblemCell_pkey" PRIMARY KEY (id),
  CONSTRAINT ended_for_a_reason CHECK (("endedAt" IS NULL) = (ended IS NULL) AND (ended = ANY (ARRAY['passed'::text, 'other-failure'::text, 'gone'::text])))
);
CREATE INDEX "ProblemCell_problemId_idx" ON "ProblemCell" USING btree ("problemId");
CREATE INDEX "ProblemCell_projectName_branch_hostId_id_idx" ON "ProblemCell" USING btree ("projectName", branch, "hostId", id);
CREATE INDEX "ProblemCell_projectName_branch_id_idx" ON "ProblemCell" USING btree ("projectName", branch, id);
CREATE UNIQUE INDEX one_open_problem_per_cell ON "ProblemCell" USING btree ("projectName", branch, "hostId", arch, variant) WHERE "endedAt" IS NULL;

CREATE TABLE "Project" (
  name text NOT NULL,
  config json NOT NULL,
  "configHash" text NOT NULL,
  "removedAt" timestamp(3) with time zone,
  "updatedAt" timestamp(3) with time zone NOT NULL,
  "defaultBranch" text,
  "firstLookAt" timestamp(3) with time zone,
  CONSTRAINT "Project_pkey" PRIMARY KEY (name)
);

CREATE TABLE "PullRequest" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  number integer NOT NULL,
  title text NOT NULL,
  author text NOT NULL,
  "baseBranch" text NOT NULL,
  "headBranch" text NOT NULL,
  "headCommit" text NOT NULL,
  "headUrls" text[],
  fork boolean NOT NULL,
  url text,
  "headRef" text,
  "mergeRef" text,
  state text NOT NULL,
  "openedAt" timestamp(3) with time zone NOT NULL,
  "changedAt" timestamp(3) with time zone NOT NULL,
  "closedAt" timestamp(3) with time zone,
  "forgeAt" timestamp(3) with time zone,
  "examineAt" timestamp(3) with time zone,
  tries integer DEFAULT 0 NOT NULL,
  problem text,
  version integer DEFAULT 1 NOT NULL,
  CONSTRAINT "PullRequest_pkey" PRIMARY KEY (id),
  CONSTRAINT pull_request_state CHECK (state = ANY (ARRAY['open'::text, 'closed'::text, 'merged'::text]))
);
CREATE INDEX "PullRequest_projectName_id_idx" ON "PullRequest" USING btree ("projectName", id);
CREATE UNIQUE INDEX "PullRequest_projectName_number_key" ON "PullRequest" USING btree ("projectName", number);
CREATE INDEX closed_pull_requests ON "PullRequest" USING btree ("projectName", "closedAt") WHERE "closedAt" IS NOT NULL;
CREATE INDEX pull_requests_to_examine ON "PullRequest" USING btree ("examineAt") WHERE "examineAt" IS NOT NULL;

CREATE TABLE "PullRequestCommit" (
  "pullRequestId" integer NOT NULL,
  commit text NOT NULL,
  "seenAt" timestamp(3) with time zone NOT NULL,
  fork boolean NOT NULL,
  approval text NOT NULL,
  "decidedAt" timestamp(3) with time zone,
  "decidedBy" text,
  ended text,
  "endedAt" timestamp(3) with time zone,
  round integer DEFAULT 0 NOT NULL,
  CONSTRAINT "PullRequestCommit_pkey" PRIMARY KEY ("pullRequestId", commit),
  CONSTRAINT pull_request_approval CHECK (approval = ANY (ARRAY['not-needed'::text, 'waiting'::text, 'approved'::text, 'refused'::text]))
);
CREATE INDEX "PullRequestCommit_pullRequestId_seenAt_idx" ON "PullRequestCommit" USING btree ("pullRequestId", "seenAt");
CREATE INDEX fork_commits ON "PullRequestCommit" USING btree (commit) WHERE fork;
CREATE INDEX pull_requests_to_approve ON "PullRequestCommit" USING btree ("seenAt") WHERE approval = 'waiting'::text AND ended IS NULL;

CREATE TABLE "Push" (
  id serial NOT NULL,
  source text NOT NULL,
  "deliveryId" text NOT NULL,
  "projectName" text NOT NULL,
  branch text,
  commit text NOT NULL,
  outcome text NOT NULL,
  "buildId" integer,
  "receivedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "Push_pkey" PRIMARY KEY (id)
);
CREATE INDEX "Push_buildId_idx" ON "Push" USING btree ("buildId");
CREATE UNIQUE INDEX "Push_source_deliveryId_projectName_key" ON "Push" USING btree (source, "deliveryId", "projectName");

CREATE TABLE "Recipe" (
  hash text NOT NULL,
  body json NOT NULL,
  CONSTRAINT "Recipe_pkey" PRIMARY KEY (hash)
);

CREATE TABLE "RepeatedRequest" (
  key text NOT NULL,
  request text NOT NULL,
  "startedAt" timestamp(3) with time zone NOT NULL,
  status integer,
  answer jsonb,
  CONSTRAINT "RepeatedRequest_pkey" PRIMARY KEY (key)
);
CREATE INDEX "RepeatedRequest_startedAt_idx" ON "RepeatedRequest" USING btree ("startedAt");

CREATE TABLE "RetentionRound" (
  "projectName" text NOT NULL,
  what text NOT NULL,
  keep jsonb NOT NULL,
  "keepSince" timestamp(3) with time zone NOT NULL,
  whole boolean DEFAULT true NOT NULL,
  "lastBuildId" integer DEFAULT 0 NOT NULL,
  "startedAt" timestamp(3) with time zone NOT NULL,
  "endedAt" timestamp(3) with time zone,
  CONSTRAINT "RetentionRound_pkey" PRIMARY KEY ("projectName", what),
  CONSTRAINT retention_round_what CHECK (what = ANY (ARRAY['files'::text, 'builds'::text]))
);

CREATE TABLE "RevokedToken" (
  hash text NOT NULL,
  "revokedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "RevokedToken_pkey" PRIMARY KEY (hash)
);

CREATE TABLE "Schedule" (
  "projectName" text NOT NULL,
  key text NOT NULL,
  "nextAt" timestamp(3) with time zone NOT NULL,
  "lastCommit" text,
  "lastBuildId" integer,
  CONSTRAINT "Schedule_pkey" PRIMARY KEY ("projectName", key)
);
CREATE INDEX "Schedule_nextAt_idx" ON "Schedule" USING btree ("nextAt");

CREATE TABLE "ScheduleRun" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  key text NOT NULL,
  "dueAt" timestamp(3) with time zone NOT NULL,
  state text DEFAULT 'due'::text NOT NULL,
  cells jsonb,
  "nextAt" timestamp(3) with time zone NOT NULL,
  tries integer DEFAULT 0 NOT NULL,
  commit text,
  "buildId" integer,
  problem text,
  "endedAt" timestamp(3) with time zone,
  CONSTRAINT "ScheduleRun_pkey" PRIMARY KEY (id),
  CONSTRAINT schedule_run_state CHECK (state = ANY (ARRAY['due'::text, 'built'::text, 'unchanged'::text, 'failed'::text]))
);
CREATE UNIQUE INDEX "ScheduleRun_projectName_key_dueAt_key" ON "ScheduleRun" USING btree ("projectName", key, "dueAt");
CREATE INDEX due_schedule_runs ON "ScheduleRun" USING btree ("nextAt") WHERE state = 'due'::text;

CREATE TABLE "Server" (
  id text NOT NULL,
  name text NOT NULL,
  migration text NOT NULL,
  queues text NOT NULL,
  storage text NOT NULL,
  "secretSum" text NOT NULL,
  "startedAt" timestamp(3) with time zone NOT NULL,
  "seenAt" timestamp(3) with time zone NOT NULL,
  "clockAheadMs" integer DEFAULT 0 NOT NULL,
  "fileSum" text,
  CONSTRAINT "Server_pkey" PRIMARY KEY (id)
);
ALTER TABLE "Server" SET (fillfactor=50);

CREATE TABLE "SignedRun" (
  by text NOT NULL,
  run text NOT NULL,
  count integer NOT NULL,
  "seenAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "SignedRun_pkey" PRIMARY KEY (by, run),
  CONSTRAINT "SignedRun_count_check" CHECK (count > 0)
);

CREATE TABLE "SilenceCheck" (
  id integer DEFAULT 1 NOT NULL,
  since timestamp(3) with time zone NOT NULL,
  "lastAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "SilenceCheck_pkey" PRIMARY KEY (id),
  CONSTRAINT one_silence_check CHECK (id = 1)
);

CREATE TABLE "Slot" (
  "hostId" integer NOT NULL,
  number integer NOT NULL,
  claim integer DEFAULT 0 NOT NULL,
  CONSTRAINT "Slot_pkey" PRIMARY KEY ("hostId", number)
);
ALTER TABLE "Slot" SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000, fillfactor=70);

CREATE TABLE "StatusChange" (
  id bigserial NOT NULL,
  "buildId" integer,
  "projectName" text,
  commit text,
  CONSTRAINT "StatusChange_pkey" PRIMARY KEY (id),
  CONSTRAINT status_change_commit CHECK (("buildId" IS NOT NULL) = (commit IS NULL) AND (commit IS NULL) = ("projectName" IS NULL))
);
CREATE INDEX "StatusChange_buildId_idx" ON "StatusChange" USING btree ("buildId");
CREATE INDEX "StatusChange_projectName_commit_idx" ON "StatusChange" USING btree ("projectName", commit);
ALTER TABLE "StatusChange" SET (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=2000, vacuum_truncate=off);

CREATE TABLE "StatusForge" (
  api text NOT NULL,
  "nextAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "StatusForge_pkey" PRIMARY KEY (api)
);

CREATE TABLE "StoredFile" (
  path text NOT NULL,
  id bigserial NOT NULL,
  bytes bigint NOT NULL,
  "segmentBytes" bigint DEFAULT 0 NOT NULL,
  "sealedAt" timestamp(3) with time zone,
  object text,
  CONSTRAINT "StoredFile_pkey" PRIMARY KEY (path),
  CONSTRAINT stored_file_pieces CHECK (object IS NOT NULL OR (bytes - "segmentBytes") < 1048576)
);
CREATE INDEX stored_file_unpacked ON "StoredFile" USING btree ("sealedAt") WHERE "sealedAt" IS NOT NULL AND object IS NULL;
ALTER TABLE "StoredFile" SET (fillfactor=70);

CREATE TABLE "StoredPiece" (
  path text NOT NULL,
  start bigint NOT NULL,
  bytes bytea NOT NULL,
  CONSTRAINT "StoredPiece_pkey" PRIMARY KEY (path, start)
);
ALTER TABLE "StoredPiece" SET (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);

CREATE TABLE "StoredSegment" (
  path text NOT NULL,
  start bigint NOT NULL,
  "end" bigint NOT NULL,
  object text NOT NULL,
  CONSTRAINT "StoredSegment_pkey" PRIMARY KEY (path, start)
);

CREATE TABLE "Subscription" (
  id serial NOT NULL,
  address text NOT NULL,
  scope text NOT NULL,
  "projectName" text,
  branch text,
  "hostId" integer,
  arch text,
  variant text,
  events text[],
  seed text NOT NULL,
  "tokenHash" text NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "confirmedAt" timestamp(3) with time zone,
  refusals integer DEFAULT 0 NOT NULL,
  CONSTRAINT "Subscription_pkey" PRIMARY KEY (id)
);
CREATE UNIQUE INDEX "Subscription_address_scope_key" ON "Subscription" USING btree (address, scope);
CREATE UNIQUE INDEX "Subscription_tokenHash_key" ON "Subscription" USING btree ("tokenHash");

CREATE TABLE "SupersededAttempt" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "buildId" integer NOT NULL,
  "byBuildId" integer,
  at timestamp(3) with time zone NOT NULL,
  CONSTRAINT "SupersededAttempt_pkey" PRIMARY KEY ("jobId", number),
  CONSTRAINT superseded_by_newer CHECK ("byBuildId" > "buildId")
);
CREATE INDEX "SupersededAttempt_at_idx" ON "SupersededAttempt" USING btree (at);

CREATE TABLE "Test" (
  id serial NOT NULL,
  "projectName" text NOT NULL,
  key text NOT NULL,
  suite text NOT NULL,
  name text NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "Test_pkey" PRIMARY KEY (id)
);
CREATE UNIQUE INDEX "Test_projectName_key_key" ON "Test" USING btree ("projectName", key);

CREATE TABLE "TestResult" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "testId" integer NOT NULL,
  run integer NOT NULL,
  "buildId" integer NOT NULL,
  "projectName" text NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  outcome text NOT NULL,
  tries integer DEFAULT 1 NOT NULL,
  "durationMs" integer,
  message text,
  excerpt text,
  file text,
  line integer,
  fingerprint text,
  "finishedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "TestResult_pkey" PRIMARY KEY ("jobId", number, "testId"),
  CONSTRAINT "TestResult_outcome_check" CHECK (outcome = ANY (ARRAY['passed'::text, 'failed'::text, 'errored'::text, 'skipped'::text, 'expected-failure'::text, 'unexpected-pass'::text]))
);
CREATE INDEX "TestResult_failed_of_build" ON "TestResult" USING btree ("buildId", "testId") WHERE outcome = ANY (ARRAY['failed'::text, 'errored'::text]);
CREATE INDEX "TestResult_failed_of_project" ON "TestResult" USING btree ("projectName", "finishedAt") WHERE (outcome = ANY (ARRAY['failed'::text, 'errored'::text])) OR tries > 1;
CREATE INDEX "TestResult_slow_of_attempt" ON "TestResult" USING btree ("jobId", number, "durationMs") WHERE "durationMs" >= 100;
CREATE INDEX "TestResult_testId_hostId_arch_variant_jobId_idx" ON "TestResult" USING btree ("testId", "hostId", arch, variant, "jobId");

CREATE TABLE "TestRun" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  run integer NOT NULL,
  file text NOT NULL,
  format text NOT NULL,
  complete boolean NOT NULL,
  passed integer NOT NULL,
  failed integer NOT NULL,
  errored integer NOT NULL,
  skipped integer NOT NULL,
  "expectedFailures" integer NOT NULL,
  "unexpectedPasses" integer NOT NULL,
  notice text,
  CONSTRAINT "TestRun_pkey" PRIMARY KEY ("jobId", number, run)
);

CREATE TABLE "TestSummary" (
  "jobId" bigint NOT NULL,
  number integer NOT NULL,
  "projectName" text NOT NULL,
  "buildId" integer NOT NULL,
  "hostId" integer NOT NULL,
  arch text NOT NULL,
  variant text NOT NULL,
  passed integer NOT NULL,
  failed integer NOT NULL,
  errored integer NOT NULL,
  skipped integer NOT NULL,
  "expectedFailures" integer NOT NULL,
  "unexpectedPasses" integer NOT NULL,
  total integer NOT NULL,
  complete boolean NOT NULL,
  missing boolean NOT NULL,
  notice text,
  "finishedAt" timestamp(3) with time zone NOT NULL,
  CONSTRAINT "TestSummary_pkey" PRIMARY KEY ("jobId", number)
);
CREATE INDEX "TestSummary_buildId_idx" ON "TestSummary" USING btree ("buildId");
CREATE INDEX "TestSummary_projectName_hostId_arch_variant_jobId_idx" ON "TestSummary" USING btree ("projectName", "hostId", arch, variant, "jobId");
CREATE INDEX "TestSummary_projectName_jobId_idx" ON "TestSummary" USING btree ("projectName", "jobId");

CREATE TABLE "Try" (
  id text NOT NULL,
  "projectName" text NOT NULL,
  "tokenName" text NOT NULL,
  bytes integer NOT NULL,
  sha256 text NOT NULL,
  commit text NOT NULL,
  subject text NOT NULL,
  author text,
  wanted jsonb NOT NULL,
  "createdAt" timestamp(3) with time zone NOT NULL,
  "expiresAt" timestamp(3) with time zone NOT NULL,
  "buildId" integer,
  "removedAt" timestamp(3) with time zone,
  CONSTRAINT "Try_pkey" PRIMARY KEY (id)
);
CREATE UNIQUE INDEX "Try_buildId_key" ON "Try" USING btree ("buildId");
CREATE INDEX kept_tries ON "Try" USING btree ("tokenName") WHERE "removedAt" IS NULL;

ALTER TABLE "Artifact" ADD CONSTRAINT "Artifact_jobId_fkey" FOREIGN KEY ("jobId") REFERENCES "Job"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "BisectionCell" ADD CONSTRAINT "BisectionCell_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "BisectionCommit" ADD CONSTRAINT "BisectionCommit_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "Branch" ADD CONSTRAINT "Branch_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"(name) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Build" ADD CONSTRAINT "Build_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"(name) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Cell" ADD CONSTRAINT "Cell_projectName_fkey" FOREIGN KEY ("projectName") REFERENCES "Project"(name) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "HostArch" ADD CONSTRAINT "HostArch_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "HostFacts" ADD CONSTRAINT "HostFacts_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "HostTurn" ADD CONSTRAINT "HostTurn_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "Job" ADD CONSTRAINT "Job_buildId_fkey" FOREIGN KEY ("buildId") REFERENCES "Build"(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Job" ADD CONSTRAINT "Job_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "Job" ADD CONSTRAINT "Job_recipeHash_fkey" FOREIGN KEY ("recipeHash") REFERENCES "Recipe"(hash) ON UPDATE CASCADE ON DELETE RESTRICT;
ALTER TABLE "PolledRef" ADD CONSTRAINT "PolledRef_repository_fkey" FOREIGN KEY (repository) REFERENCES "PolledRepository"(repository) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "Probe" ADD CONSTRAINT "Probe_bisectionId_fkey" FOREIGN KEY ("bisectionId") REFERENCES "Bisection"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "ProblemCell" ADD CONSTRAINT "ProblemCell_problemId_fkey" FOREIGN KEY ("problemId") REFERENCES "Problem"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "PullRequestCommit" ADD CONSTRAINT "PullRequestCommit_pullRequestId_fkey" FOREIGN KEY ("pullRequestId") REFERENCES "PullRequest"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "Push" ADD CONSTRAINT "Push_buildId_fkey" FOREIGN KEY ("buildId") REFERENCES "Build"(id) ON UPDATE CASCADE ON DELETE SET NULL;
ALTER TABLE "Slot" ADD CONSTRAINT "Slot_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE "Subscription" ADD CONSTRAINT "Subscription_hostId_fkey" FOREIGN KEY ("hostId") REFERENCES "Host"(id) ON UPDATE CASCADE ON DELETE CASCADE;

CREATE VIEW "Attempt" AS
 SELECT "OpenAttempt"."jobId",
    "OpenAttempt".number,
    "OpenAttempt"."hostId",
    "OpenAttempt".priority,
    "OpenAttempt".fork,
    "OpenAttempt"."projectName",
    "OpenAttempt"."buildId",
    "OpenAttempt".state,
    "OpenAttempt"."queuedAt",
    "OpenAttempt".slot,
    "OpenAttempt".lease,
    "OpenAttempt"."leaseUntil",
    "OpenAttempt"."leasedAt",
    "OpenAttempt"."startedAt",
    NULL::timestamp(3) with time zone AS "finishedAt",
    "OpenAttempt"."cancelRequestedAt",
    "OpenAttempt".steps,
    NULL::text AS verdict,
    NULL::text AS "failedStep",
    NULL::text AS reason,
    "OpenAttempt".detail,
    0::bigint AS "logBytes",
    NULL::text AS compiler,
    "OpenAttempt".purpose,
    NULL::text AS fingerprint,
    NULL::text AS "logSum",
    NULL::text AS "artifactNote"
   FROM "OpenAttempt"
UNION ALL
 SELECT ended."jobId",
    ended.number,
    ended."hostId",
    ended.priority,
    ended.fork,
    ended."projectName",
    ended."buildId",
    'finished'::text AS state,
    ended."queuedAt",
    ended.slot,
    ended.lease,
    NULL::timestamp(3) with time zone AS "leaseUntil",
    ended."leasedAt",
    ended."startedAt",
    ended."finishedAt",
    ended."cancelRequestedAt",
    ended.steps,
    ended.verdict,
    ended."failedStep",
    ended.reason,
    ended.detail,
    ended."logBytes",
    ended.compiler,
    ended.purpose,
        CASE
            WHEN ended.verdict = ANY (ARRAY['failed'::text, 'timed-out'::text]) THEN ( SELECT failure.fingerprint
               FROM "Failure" failure
              WHERE failure."jobId" = ended."jobId" AND failure.number = ended.number)
            ELSE NULL::text
        END AS fingerprint,
    ended."logSum",
    ended."artifactNote"
   FROM "FinishedAttempt" ended;
