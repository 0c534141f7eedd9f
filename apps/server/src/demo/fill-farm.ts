import { type AttemptId, parseAttemptName } from '@rumpfarm/contracts'
import { type Farm, importedJobsMax, openFarm, readFarmYaml } from '@rumpfarm/farm'
import { repositories as forge } from './year/projects.ts'
import { demoYear, type Year } from './year/year.ts'

export interface FillRequest {
  databaseUrl: string
  logsDirectory: string
  /** The key of the farm's credentials. */
  secret: string
  seed: number
  jobs: number
  /** The demo's present. */
  now: Date
  say: (line: string) => void
  everywhere?: boolean
  after?: { builds: number; jobs: number }
}

export type FillOutcome =
  | { kind: 'filled'; jobs: number; year: Year }
  | { kind: 'not-empty'; hosts: number; builds: number }

/** Fills an empty farm with a year of history. The farm's own rules derive the verdicts, cells and failures. */
export async function fillFarm(request: FillRequest): Promise<FillOutcome> {
  const { databaseUrl, logsDirectory, secret, now } = request
  const farm = openFarm({ databaseUrl, logsDirectory, secret, now: () => now })
  try {
    return await fill(farm, demoYear(request), request)
  } finally {
    await farm.close()
  }
}

async function fill(farm: Farm, year: Year, { say, everywhere = false }: FillRequest): Promise<FillOutcome> {
  const read = readFarmYaml(year.farmYaml, { file: 'farm.yaml', directory: '/' })
  if (read.kind === 'mistakes') throw new Error(`the demo's farm.yaml is wrong: ${JSON.stringify(read.mistakes)}`)
  const added = await farm.imports.addHosts(year.hosts)
  if (added.kind === 'not-empty') return added
  await farm.projects.applyConfiguration(read.projects)
  const jobs = await addBuilds(farm, year, say)
  await addCommits(farm, year)
  await farm.imports.finish()
  await deriveCells(farm, year, say)
  await examineLogs(farm, say)
  await farm.imports.finish() // the planner needs the sizes of the derived tables too
  if (!everywhere) await acknowledgeFailures(farm)
  return { kind: 'filled', jobs, year }
}

/** Adds as many builds at once as one import allows. */
async function addBuilds(farm: Farm, year: Year, say: FillRequest['say']): Promise<number> {
  let [total, waiting, said] = [0, 0, 0]
  let batch: Parameters<Farm['imports']['addBuilds']>[0][number][] = []
  const flush = async () => {
    if (batch.length > 0) await farm.imports.addBuilds(batch)
    total += waiting
    if (total - said >= 20_000) {
      said = total
      say(`${total} jobs …`)
    }
    ;[batch, waiting] = [[], 0]
  }
  for (const build of year.builds()) {
    if (waiting + build.jobs.length > importedJobsMax) await flush()
    batch.push(build)
    waiting += build.jobs.length
  }
  await flush()
  return total
}

async function addCommits(farm: Farm, { repositories }: Year): Promise<void> {
  for (const { name, branches } of repositories) {
    const commits = branches.flatMap(branch => branch.commits)
    const distinct = [...new Map(commits.map(commit => [commit.commit, commit])).values()]
    await farm.imports.addCommits({ repository: `${forge}${name}`, commits: distinct })
  }
}

async function deriveCells(farm: Farm, { branches }: Year, say: FillRequest['say']): Promise<void> {
  say('deriving the cells from the results …')
  for (const { project, name, commits } of branches) {
    const newestFirst = commits.map(({ commit }) => commit).reverse()
    await farm.matrix.applyHistory({ project, branch: name, commits: newestFirst, complete: true })
  }
}

/** The farm's rules find the errors and test results of the logs. */
async function examineLogs(farm: Farm, say: FillRequest['say']): Promise<void> {
  say('reading the logs of the newest jobs …')
  for (;;) {
    const names = await farm.failures.listExaminations()
    if (names.length === 0) return
    const attempts = names.flatMap(name => parseAttemptName(name) ?? [])
    await Promise.all(Array.from({ length: examinationsAtOnce }, () => examineAll(farm, attempts)))
  }
}

const examinationsAtOnce = 4

/** Takes one attempt after the other from the list, so several calls can share a list. */
async function examineAll(farm: Farm, attempts: AttemptId[]): Promise<void> {
  for (let attempt = attempts.shift(); attempt; attempt = attempts.shift()) await farm.failures.examine(attempt)
}

/** A maintainer knows the oldest failure of base, and one cell of wide. */
async function acknowledgeFailures(farm: Farm): Promise<void> {
  const base = await farm.matrix.load({ project: 'base' })
  const wide = await farm.matrix.load({ project: 'wide' })
  const cells = [...base.cells, ...wide.cells]
  const failing = cells.filter(({ last }) => last?.verdict === 'failed' || last?.verdict === 'timed-out')
  const old = failing.find(
    ({ project, last }) => project === 'base' && last?.failedStep === 'build' && last.fingerprint,
  )
  if (old?.last?.fingerprint)
    await farm.acknowledgements.add({
      ...{ project: 'base', of: { kind: 'fingerprint', fingerprint: old.last.fingerprint }, days: 30 },
      ...{ note: 'the callbacks of old drivers; waits for the driver change', owner: 'Tom Alder' },
      link: `${forge}base/issues/212`,
    })
  const cell = failing.find(({ project, last }) => project === 'wide' && last?.state === 'still-failing')
  if (cell)
    await farm.acknowledgements.add({
      project: 'wide',
      of: { kind: 'cell', branch: cell.branch, host: cell.host, arch: cell.arch, variant: cell.variant },
      ...{ note: 'this host is slow; the limit of the test is too low', owner: 'Ruth Okafor', days: 14 },
    })
}
