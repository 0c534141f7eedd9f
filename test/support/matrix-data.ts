// A farm of 60 hosts and 20 arches in the database, as if it had built five projects for two years. The farm's rules
// derived none of it, so it serves only tests of the matrix page: its size, its look and its speed.
import pg from 'pg'

const systems = {
  NetBSD: { uname_s: 'NetBSD', uname_r: '10.1', hosts: 11 },
  FreeBSD: { uname_s: 'FreeBSD', uname_r: '14.3-RELEASE', hosts: 9 },
  OpenBSD: { uname_s: 'OpenBSD', uname_r: '7.8', hosts: 7 },
  DragonFly: { uname_s: 'DragonFly', uname_r: '6.4-RELEASE', hosts: 2 },
  Linux: { uname_s: 'Linux', uname_r: '6.12.48+deb13-amd64', hosts: 16 },
  illumos: { uname_s: 'SunOS', uname_r: '5.11', uname_v: 'omnios-r151056-b4b3e5e', hosts: 5 },
  Solaris: { uname_s: 'SunOS', uname_r: '5.10', hosts: 2 },
  macOS: { uname_s: 'Darwin', uname_r: '25.1.0', hosts: 5 },
  Cygwin: { uname_s: 'CYGWIN_NT-10.0', uname_r: '3.6.1-1.x86_64', hosts: 3 },
}

export const matrixArches = [
  'amd64 i386 arm64 armv7 armv6 riscv64 ppc64le ppc64 ppc mips64',
  'mips64el mips mipsel sparc64 sparc s390x alpha hppa loong64 sh3el',
]
  .join(' ')
  .split(' ')

export const matrixProjects = ['base', 'docs', 'legacy', 'tools', 'wide']
const variants = ['dynamic', 'static']

const steps = [{ fetch: 'true' }, { build: 'true' }, { tests: 'true' }]

/** The projects of the data, for farm.yaml. */
export const matrixFarmYaml = Object.fromEntries(
  matrixProjects.map(name => [name, { steps, variants: { dynamic: {}, static: {} }, repository: './nowhere' }]),
)

interface Row {
  [column: string]: unknown
}

export interface MatrixData {
  hosts?: number
  /** One of this many cells is not a plain pass. */
  oneIn?: number
  /** One of this many pairs of host and arch has no box. */
  holes?: number
}

/** Writes the data. The database must be migrated, and farm.yaml must have `matrixProjects`. */
export async function writeMatrixData(
  databaseUrl: string,
  { hosts: hostsMax = 60, oneIn = 12, holes = 3 }: MatrixData = {},
): Promise<void> {
  const db = new pg.Client({ connectionString: databaseUrl })
  await db.connect()
  const insert = (table: string, rows: Row[]) =>
    db.query(
      `INSERT INTO "${table}" (${Object.keys(rows[0] ?? {})
        .map(name => `"${name}"`)
        .join(', ')})
       SELECT ${Object.keys(rows[0] ?? {})
         .map(name => `"${name}"`)
         .join(', ')} FROM jsonb_populate_recordset(NULL::"${table}", $1)`,
      [JSON.stringify(rows)],
    )
  try {
    await insertAll(insert, { hostsMax, oneIn, holes })
    for (const table of ['Host', 'Build', 'Job'])
      await db.query(`SELECT setval(pg_get_serial_sequence('"${table}"', 'id'), (SELECT max("id") FROM "${table}"))`)
    await db.query('ANALYZE')
  } finally {
    await db.end()
  }
}

const now = Date.now()
const ago = (hours: number) => new Date(now - hours * 3_600_000).toISOString()
const firstId = 1000

/** The commits of each project: hours ago, the author and the subject. Their builds have the ids firstId + 10 × project + index. */
const history: readonly [hours: number, author: string, subject: string][] = [
  [17_000, 'Lena Vogt', 'threads: use futexes'],
  [2_900, 'Tom Alder', 'fix the warnings of gcc 15'],
  [300, 'Ivo Marek', 'arm: use atomics of the compiler'],
  [31, 'Mina Sato', 'use the new source mirror'],
  [7, 'Ruth Okafor', 'keep sysent aligned on LP64'],
]

const commitOf = (project: number, index: number) =>
  `${(project * 16 + index + 0x3f9c1e2).toString(16).padStart(8, 'a')}${'0'.repeat(32)}`

async function insertAll(
  insert: (table: string, rows: Row[]) => Promise<unknown>,
  { hostsMax, oneIn, holes }: Required<Omit<MatrixData, 'hosts'>> & { hostsMax: number },
): Promise<void> {
  const hosts = Object.entries(systems)
    .flatMap(([os, { hosts: count, ...facts }]) => Array.from({ length: count }, (_, index) => ({ os, index, facts })))
    .slice(0, hostsMax)
    .map(({ os, index, facts }, number) => ({
      id: firstId + number,
      name: index === 1 ? `${os.toLowerCase()}-nightly-toolchain-builder` : `${os.toLowerCase()}-${index + 1}`,
      credentialHash: `hash-${number}`,
      facts: { ...facts, uname_m: 'amd64' },
      agentVersion: '1.0.0',
      instance: `i${number}`,
      slots: 1,
      rules: [],
      enrolledAt: ago(20_000),
      lastSeenAt: number === 10 ? ago(72) : ago(0),
      silentSince: number === 10 ? ago(71) : null,
    }))
  const pairs = hosts.flatMap(({ id }, host) =>
    matrixArches
      .filter((_, arch) => ((host * 131 + arch * 197 + host * arch * 17) % 101) % holes !== 1)
      .map(arch => ({ hostId: id, arch })),
  )
  const builds = matrixProjects.flatMap((projectName, project) =>
    history.map(([hours, author, subject], index) => ({
      id: firstId + project * 10 + index,
      projectName,
      commit: commitOf(project, index),
      branch: 'main',
      subject,
      author,
      createdAt: ago(hours + 1),
      sources: 'ready',
      sourcesInfo: [],
    })),
  )
  await insert('Host', hosts)
  await insert(
    'HostArch',
    pairs.map(pair => ({ ...pair, kind: 'cross', compiler: 'gcc 14.2.0' })),
  )
  await insert('Build', builds)
  await insert(
    'Branch',
    matrixProjects.map(projectName => ({ projectName, name: 'main', pushedAt: ago(1), assumed: false })),
  )
  await insert(
    'BranchCommit',
    builds.map(({ projectName, commit, id }) => ({
      projectName,
      commit,
      branch: 'main',
      position: 1_000_000 + (id % 10),
      settled: true,
    })),
  )
  await insert('Recipe', [{ hash: 'data', body: { steps: [{ name: 'fetch' }, { name: 'build' }, { name: 'tests' }] } }])
  const cells = pairs.flatMap((pair, box) =>
    matrixProjects.flatMap((projectName, project) =>
      variants.map((variant, index) =>
        cellOf(
          { ...pair, projectName, variant },
          project,
          (box * 31 + project * 7 + index * 3) % (oneIn * 20),
          builds,
          oneIn,
        ),
      ),
    ),
  )
  const numbered = cells.map((cell, index) => ({ ...cell, jobId: firstId + index, sinceJobId: firstId + index }))
  await insert(
    'Job',
    numbered.map(({ jobId: id, buildId, projectName, verdict, hostId, arch, variant }) => ({
      id,
      buildId,
      projectName,
      status: verdict,
      hostId,
      arch,
      variant,
      recipeHash: 'data',
    })),
  )
  await insert('Cell', numbered)
}

interface Key extends Row {
  hostId: number
  arch: string
  projectName: string
  variant: string
}

interface Build {
  id: number
  commit: string
  createdAt: string
}

/** Most cells passed at the newest commit. `dice` decides what happened to the others. */
function cellOf(key: Key, project: number, dice: number, builds: readonly Build[], oneIn: number) {
  const build = (index: number) => builds[project * history.length + index] as Build
  const at = (index: number) => ago((history[index]?.[0] ?? 0) + (dice % 50) / 100)
  const [newest, before] = [build(4), build(3)]
  const passing = {
    ...key,
    branch: 'main',
    number: 1,
    buildId: newest.id,
    commit: newest.commit,
    verdict: 'passed',
    failedStep: null as string | null,
    state: 'passing',
    fingerprint: null as string | null,
    flaky: false,
    results: 12,
    changes: 0,
    expectedMs: 60_000,
    testsMissing: false,
    finishedAt: at(4),
    ...milestones(build(0), at(0)),
    lastGoodBuildId: newest.id as number | null,
    lastGoodCommit: newest.commit as string | null,
    lastGoodAt: at(4) as string | null,
  }
  const failing = (start: number, state: string, step = 'build') => ({
    ...passing,
    verdict: dice % 4 === 3 ? 'timed-out' : 'failed',
    failedStep: step,
    state,
    fingerprint: `${project}${start}`.padStart(32, '0'),
    ...milestones(build(start), at(start)),
    lastGoodBuildId: start === 0 ? null : build(start - 1).id,
    lastGoodCommit: start === 0 ? null : build(start - 1).commit,
    lastGoodAt: start === 0 ? null : at(start - 1),
  })
  if (dice >= 20 || oneIn === 0) return passing
  if (dice < 3) return failing(4, 'newly-failing')
  if (dice === 3) return failing(4, 'newly-failing-unconfirmed', 'tests')
  if (dice < 8) return failing(2, 'still-failing', 'tests')
  if (dice < 12) return failing(1, 'still-failing')
  if (dice < 14) return failing(0, 'failing', 'fetch')
  if (dice < 16) return { ...passing, flaky: true, changes: 5 }
  if (dice === 16) return { ...passing, verdict: 'lost', buildId: newest.id }
  if (dice < 19) return { ...passing, state: 'fixed', ...milestones(newest, at(4)) }
  return { ...passing, buildId: before.id, commit: before.commit }
}

const milestones = ({ id, commit }: Build, at: string) => ({
  sinceBuildId: id,
  sinceCommit: commit,
  sinceAt: at,
  changedBuildId: id,
  changedCommit: commit,
  changedAt: at,
})
