import { distribution, type Figure, figure, type Say } from './figures.ts'
import { openScene, type Scene } from './scene.ts'
import { cpuMs } from './usage.ts'

const hostsCount = 60
const archesCount = 20
/** Each build has 1,200 jobs. */
const buildsCount = 84
const requests = 300
const warmUps = 20

const farmYaml = ({ served }: { served: string }) => `
projects:
  wide:
    repository: ${served}
    steps:
      - configure: sh configure
      - build: make
      - tests: make test
`

/** Measures how long the matrix takes on a large farm with a long history. */
export async function matrix(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml })
  try {
    await seed(scene)
    const jobs = hostsCount * archesCount * buildsCount
    say(`${jobs} jobs are in the database`)
    const page = await timeOf(scene, '/')
    const api = await timeOf(scene, '/api/v1/matrix')
    const floor = await timeOf(scene, '/healthz')
    const note = `${hostsCount} hosts, ${archesCount} arches, ${jobs} jobs; ${requests} requests, one after the other`
    return [
      figure('the matrix page, p95', page.spread.p95, 'ms', { goal: { atMost: 20 }, distribution: page.spread, note }),
      figure('its server CPU', page.cpu, 'ms'),
      figure('its size', page.bytes / 1000, 'kB'),
      figure('/api/v1/matrix, p95', api.spread.p95, 'ms', { distribution: api.spread, note }),
      figure('its server CPU', api.cpu, 'ms'),
      figure('its size', api.bytes / 1000, 'kB'),
      figure('for comparison, /healthz, p95', floor.spread.p95, 'ms', { distribution: floor.spread }),
    ]
  } finally {
    await scene.close()
  }
}

async function timeOf({ url: base, server }: Scene, path: string) {
  const url = `${base}${path}`
  const times: number[] = []
  let bytes = 0
  let before = 0
  for (let request = -warmUps; request < requests; request++) {
    if (request === 0) before = cpuMs(server.pid)
    const began = performance.now()
    const answer = await fetch(url)
    bytes = (await answer.arrayBuffer()).byteLength
    if (!answer.ok) throw new Error(`${url} was answered ${answer.status}`)
    if (request >= 0) times.push(performance.now() - began)
  }
  return { spread: distribution(times), bytes, cpu: (cpuMs(server.pid) - before) / requests }
}

/**
 * Writes hosts, builds, jobs and attempts as the farm would. Every job ran once, and one in seven failed at its tests.
 * Some results never changed, and others changed with the last build. Each cell shows the newest build.
 */
async function seed({ db }: Scene): Promise<void> {
  const recipe = JSON.stringify({
    steps: [
      { name: 'configure', run: 'sh configure' },
      { name: 'build', run: 'make' },
      { name: 'tests', run: 'make test' },
    ],
  })
  const steps = JSON.stringify([
    { name: 'configure', exit: 0, milliseconds: 800, logBytes: 2_000 },
    { name: 'build', exit: 0, milliseconds: 60_000, logBytes: 90_000 },
    { name: 'tests', exit: 0, milliseconds: 20_000, logBytes: 120_000 },
  ])
  await db.query(
    `INSERT INTO "Host" ("name", "credentialHash", "facts", "agentVersion", "instance", "enrolledAt", "lastSeenAt")
     SELECT 'host-' || n, 'hash-' || n, '{"uname_s":"NetBSD","uname_r":"10.1","uname_m":"amd64"}', '1.0.0', 'i' || n, now(), now()
       FROM generate_series(1, $1::int) n`,
    [hostsCount],
  )
  await db.query(
    `INSERT INTO "HostArch" ("hostId", "arch", "kind", "compiler")
     SELECT "id", 'arch-' || n, CASE n WHEN 1 THEN 'native' ELSE 'cross' END, 'gcc 12.2.0'
       FROM "Host", generate_series(1, $1::int) n`,
    [archesCount],
  )
  await db.query(`INSERT INTO "Recipe" ("hash", "body") VALUES ('bench', $1)`, [recipe])
  await db.query(
    `INSERT INTO "Build" ("projectName", "commit", "branch", "subject", "author", "createdAt", "sources", "sourcesInfo")
     SELECT 'wide', md5(n::text) || '00000000', 'main', 'Change ' || n, 'Bench', now() - make_interval(hours => $1 - n), 'ready', '[]'
       FROM generate_series(1, $1::int) n`,
    [buildsCount],
  )
  await db.query(`INSERT INTO "Branch" ("projectName", "name", "pushedAt") VALUES ('wide', 'main', now())`)
  await db.query(
    `INSERT INTO "BranchCommit" ("projectName", "commit", "branch", "position", "settled")
     SELECT 'wide', "commit", 'main', 1000000 + "id", true FROM "Build"`,
  )
  await db.query(
    `INSERT INTO "Job" ("buildId", "hostId", "arch", "variant", "recipeHash")
     SELECT build."id", arch."hostId", arch."arch", 'default', 'bench'
       FROM "Build" build, "HostArch" arch ORDER BY 1, 2, 3`,
  )
  await db.query(
    `INSERT INTO "Attempt" ("jobId", "number", "hostId", "state", "queuedAt", "slot", "claim", "lease", "leasedAt",
            "startedAt", "finishedAt", "steps", "verdict", "failedStep", "reason", "logBytes")
     SELECT job."id", 1, job."hostId", 'finished', build."createdAt", 1, job."id", 'l', build."createdAt", build."createdAt",
            build."createdAt" + interval '90 s', $1, CASE WHEN job."id" % 7 = 0 THEN 'failed' ELSE 'passed' END,
            CASE WHEN job."id" % 7 = 0 THEN 'tests' END, 'exit', 120000
       FROM "Job" job JOIN "Build" build ON build."id" = job."buildId"`,
    [steps],
  )
  await db.query(
    `INSERT INTO "Cell" ("projectName", "branch", "hostId", "arch", "variant", "jobId", "buildId", "commit", "verdict", "failedStep",
            "finishedAt", "sinceBuildId", "sinceCommit", "sinceAt", "changedBuildId", "changedCommit", "changedAt", "lastGoodBuildId", "lastGoodCommit", "lastGoodAt")
     SELECT 'wide', 'main', job."hostId", job."arch", 'default', job."id", build."id", build."commit", a."verdict", a."failedStep",
            a."finishedAt", since."id", since."commit", since."createdAt", since."id", since."commit", since."createdAt", since."id", since."commit", since."createdAt"
       FROM "Job" job JOIN "Build" build ON build."id" = job."buildId"
       JOIN "Attempt" a ON a."jobId" = job."id"
       JOIN "Build" since ON since."id" = build."id" - job."id" % 3
      WHERE build."id" = (SELECT max("id") FROM "Build")`,
  )
  await db.query('ANALYZE')
}
