import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { between, counted, execsIn, tally } from './execs.ts'
import { distribution, type Figure, figure, median, type Say } from './figures.ts'
import { type RealAgent, startAgent } from './real-agent.ts'
import { openScene, type Place, type Scene } from './scene.ts'
import { familyCpuMs, familyOf, proportionalMb, residentMb } from './usage.ts'

const pollSeconds = 50
const quietSeconds = 44
const starts = 20

// The project `first` runs only on the first host, before the other hosts exist.
const farmYaml = ({ local, directory }: Place) => `
projects:
  quiet:
    repository: ${local}
    steps:
      - wait: sleep ${quietSeconds}
  first:
    repository: ${local}
    steps:
      - stamp: date +%s%N >"${join(directory, 'stamps')}/$FARM_JOB"
`

/** Measures the agent's load on its host: in each shell with curl, and in dash with each installed HTTP client. */
export async function agent(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml, commits: starts })
  const crews: Crew[] = []
  try {
    const served = await (await fetch(`${scene.url}/agent.sh`)).text()
    const figures = [figure('the agent', Buffer.byteLength(served), 'bytes', { goal: { atMost: 128 * 1024 } })]
    const pairs = pairsOf(served)
    for (const pair of pairs) {
      const crew = await startPlain(scene, pair)
      crews.push(crew)
      if (crews.length === 1) figures.push(await firstCommand(scene, crew, say))
      if (isHere('strace')) crew.traced = await startTraced(scene, crew)
    }
    say(`${crews.map(nameOf).join(', ')}: idle for ${pollSeconds} s`)
    figures.push(...(await whileIdle(crews)))
    say(`each runs a job without output for ${quietSeconds} s`)
    figures.push(...(await inQuietJob(scene, crews)))
    return figures
  } finally {
    for (const { plain, traced } of crews) await Promise.all([plain.stop(), traced?.stop()])
    await scene.close()
  }
}

interface Pair {
  shell: string
  client: string
}

/** Two equal hosts. On one of them strace counts the programs, which makes this host slower. */
interface Crew extends Pair {
  plain: RealAgent
  traced?: RealAgent
  trace: string
}

const nameOf = ({ shell, client }: Pair) => `${shell} with ${client}`

const isHere = (program: string) => spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0

const shells: Record<string, string> = {
  dash: 'dash',
  bash: 'bash',
  mksh: 'mksh',
  ksh93: 'ksh93',
  yash: 'yash',
  posh: 'posh',
  ash: 'busybox',
  zsh: 'zsh',
}

const clientPrograms: Record<string, string> = { python: 'python3', bbwget: 'busybox' }

/** The goals apply to the first pair. There is no pair with openssl, because the farm of the bench has no TLS. */
function pairsOf(script: string): Pair[] {
  const clients = /^CLIENTS='([^']*)'/m.exec(script)?.[1]?.split(' ')
  if (!clients) throw new Error('agent.sh has no line CLIENTS=, which lists its HTTP clients')
  const shell = isHere('dash') ? 'dash' : 'sh'
  const others = Object.entries(shells).filter(([name, program]) => name !== shell && isHere(program))
  return [
    ...clients
      .filter(client => client !== 'openssl' && isHere(clientPrograms[client] ?? client))
      .map(client => ({ shell, client })),
    ...others.map(([name]) => ({ shell: name, client: 'curl' })),
  ]
}

async function startPlain(scene: Scene, pair: Pair): Promise<Crew> {
  const name = hostName(pair)
  return {
    ...pair,
    plain: await startAgent(scene, name, wishesOf(pair)),
    trace: join(scene.directory, `${name}.trace`),
  }
}

const startTraced = (scene: Scene, crew: Crew): Promise<RealAgent> =>
  startAgent(scene, `${hostName(crew)}-traced`, { ...wishesOf(crew), within: command => counted(crew.trace, command) })

const hostName = ({ shell, client }: Pair) => `${shell}-${client}`
const wishesOf = ({ shell, client }: Pair) => ({ shell, client, program: shells[shell] ?? shell })

/** Measures the time from the lease to the first command of the job. */
async function firstCommand(scene: Scene, { plain }: Crew, say: Say): Promise<Figure> {
  const stamps = join(scene.directory, 'stamps')
  mkdirSync(stamps)
  say(`${starts} jobs of one command`)
  const spans: number[] = []
  for (const ref of scene.repository.commits) {
    await sleep(300) // then the next long poll of the host has started
    const build = await scene.api.post<{ id: number }>('/api/v1/projects/first/builds', { ref })
    const { jobs } = await scene.api.get<{ jobs: { id: number; host: string }[] }>(`/api/v1/builds/${build.id}`)
    const job = jobs.find(({ host }) => host === plain.name)?.id
    await plain.hears('that the job is over', /: exit, passed/)
    const { rows } = await scene.db.query('SELECT "leasedAt" FROM "Attempt" WHERE "jobId" = $1', [job])
    spans.push(Number(readFileSync(join(stamps, String(job)), 'utf8')) / 1e6 - rows[0].leasedAt.getTime())
  }
  const spread = distribution(spans)
  return figure('from the lease to the first command', spread.median, 'ms', { distribution: spread })
}

async function whileIdle(crews: readonly Crew[]): Promise<Figure[]> {
  const from = Date.now() / 1000
  const looks = crews.map(() => [] as Look[])
  while (Date.now() / 1000 < from + pollSeconds) {
    for (const [index, { plain }] of crews.entries()) looks[index]?.push(lookAt(plain.pid))
    await sleep(500)
  }
  return crews.flatMap((crew, index) => {
    const seen = looks[index] ?? []
    const goal = (atMost: number) => (index === 0 ? { goal: { atMost } } : {})
    const execs = between(execsIn(crew.trace), from, from + pollSeconds)
    const of = (name: string, value: number, unit: string, more: Partial<Figure> = {}) =>
      figure(`${nameOf(crew)}, idle: ${name}`, value, unit, more)
    const middle = (part: (look: Look) => number) => median(seen.map(part))
    return [
      of(
        'resident memory of the agent',
        middle(look => look.ownMb),
        'MB',
        goal(3),
      ),
      of(
        'its proportional share',
        middle(look => look.ownShareMb),
        'MB',
      ),
      of(
        'resident memory of its client',
        middle(look => look.othersMb),
        'MB',
      ),
      of(
        'its proportional share, client',
        middle(look => look.othersShareMb),
        'MB',
      ),
      of(
        'processes',
        middle(look => look.processes),
        '',
        goal(2),
      ),
      ...(crew.traced
        ? [of(`programs in a long poll of ${pollSeconds} s`, execs.length, '', { note: tally(execs, 1) })]
        : []),
    ]
  })
}

interface Look {
  processes: number
  ownMb: number
  ownShareMb: number
  othersMb: number
  othersShareMb: number
}

function lookAt(pid: number): Look {
  const others = familyOf(pid)
  const sum = (mb: (pid: number) => number) => others.reduce((total, other) => total + mb(other), 0)
  return {
    processes: 1 + others.length,
    ownMb: residentMb(pid),
    ownShareMb: proportionalMb(pid),
    othersMb: sum(residentMb),
    othersShareMb: sum(proportionalMb),
  }
}

/** The average cost of a heartbeat in a job without output. The first and the last seconds of the job do not count. */
async function inQuietJob(scene: Scene, crews: readonly Crew[]): Promise<Figure[]> {
  const agents = crews.flatMap(({ plain, traced }) => (traced ? [plain, traced] : [plain]))
  await scene.api.post('/api/v1/projects/quiet/builds')
  await Promise.all(agents.map(each => each.hears('that the job has started', /: started/)))
  await sleep(4_000)
  const from = Date.now() / 1000
  const cpuBefore = crews.map(({ plain }) => familyCpuMs(plain.pid))
  await sleep((quietSeconds - 12) * 1000)
  const to = Date.now() / 1000
  const cpu = crews.map(({ plain }, index) => familyCpuMs(plain.pid) - (cpuBefore[index] ?? 0))
  await Promise.all(agents.map(each => each.hears('that the job is over', /: exit, passed/)))
  return crews.flatMap((crew, index) => {
    const execs = between(execsIn(crew.trace), from, to)
    const beats = execs.filter(({ program }) => program === clientName(crew.client, program)).length
    const perBeat = (value: number) => value / (beats || (to - from) / 2)
    const goal = index === 0 ? { goal: { atMost: 12 } } : {}
    const name = `${nameOf(crew)}, in a quiet job:`
    return [
      figure(`${name} CPU of a heartbeat`, perBeat(cpu[index] ?? 0), 'ms', {
        note: `of the agent and what it runs, in ${Math.round(to - from)} s`,
      }),
      ...(crew.traced
        ? [
            figure(`${name} programs for a heartbeat`, perBeat(execs.length), '', {
              ...goal,
              note: tally(execs, beats || 1),
            }),
          ]
        : []),
    ]
  })
}

const clientName = (client: string, program: string): string =>
  ({
    python: /^python3[.\d]*$/.test(program) ? program : 'python3',
    bbwget: 'busybox',
    nc: /^nc\b/.test(program) ? program : 'nc',
  })[client] ?? client
