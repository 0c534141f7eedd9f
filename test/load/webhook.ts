import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { distribution, type Figure, figure, type Say } from './figures.ts'
import { type RealAgent, startAgent } from './real-agent.ts'
import { openScene, type Place, type Scene } from './scene.ts'

const pushesOfEach = 40
const warmUps = 3
const addresses = ['served', 'local'] as const
type Address = (typeof addresses)[number]

const farmYaml = ({ directory, ...repository }: Place) => `
projects:
${addresses.map(address => projectYaml(address, repository[address], directory)).join('\n')}
`

/** The only step writes the time of its start to a file. */
const projectYaml = (name: Address, repository: string, directory: string) => `
  ${name}:
    repository: ${repository}
    steps:
      - stamp: date +%s%N >"${join(directory, 'stamps')}/$FARM_PROJECT-$FARM_COMMIT"`

/** Measures the time from a webhook to the first command of its job, on an idle host with the real agent. */
export async function webhook(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml, commits: pushesOfEach + warmUps })
  try {
    mkdirSync(join(scene.directory, 'stamps'))
    const agent = await startAgent(scene, 'agent')
    try {
      const figures: Figure[] = []
      for (const address of addresses) {
        say(`${pushesOfEach} pushes, the repository ${where[address]}`)
        figures.push(...figuresOf(await pushAll(scene, agent, address), address, agent))
      }
      return figures
    } finally {
      await agent.stop()
    }
  } finally {
    await scene.close()
  }
}

const where = { served: 'on a git server of this machine', local: 'in a directory of this machine' }

/** The time of each event, in milliseconds since the epoch. */
interface Passage {
  sentAt: number
  answeredAt: number
  queuedAt: number
  leasedAt: number
  commandAt: number
}

async function pushAll(scene: Scene, agent: RealAgent, address: Address): Promise<Passage[]> {
  const passages: Passage[] = []
  for (const commit of scene.repository.commits) passages.push(await pushOne(scene, agent, address, commit))
  return passages.slice(warmUps)
}

async function pushOne(scene: Scene, agent: RealAgent, address: Address, commit: string): Promise<Passage> {
  await sleep(400) // then the host is idle again, because it claims 20 ms after the end of a job
  const asked = await scene.push(address, commit)
  await agent.hears('that the job is over', /: exit, passed/)
  const stamp = join(scene.directory, 'stamps', `${address}-${commit}`)
  if (!existsSync(stamp)) throw new Error(`the job of ${commit} passed and left no ${stamp}`)
  return { ...asked, ...(await rowTimes(scene, address, commit)), commandAt: Number(readFileSync(stamp, 'utf8')) / 1e6 }
}

async function rowTimes({ db }: Scene, project: string, commit: string) {
  const { rows } = await db.query(
    `SELECT a."queuedAt", a."leasedAt" FROM "Attempt" a JOIN "Job" j ON j."id" = a."jobId"
       JOIN "Build" b ON b."id" = j."buildId" WHERE b."projectName" = $1 AND b."commit" = $2`,
    [project, commit],
  )
  return { queuedAt: rows[0].queuedAt.getTime(), leasedAt: rows[0].leasedAt.getTime() }
}

function figuresOf(passages: Passage[], address: Address, { shell }: RealAgent): Figure[] {
  const stage = (name: string, span: (passage: Passage) => number, more: Partial<Figure> = {}) => {
    const spread = distribution(passages.map(span))
    return figure(`${name}, repository ${where[address]}`, spread.median, 'ms', { distribution: spread, ...more })
  }
  return [
    stage('webhook sent to first command', p => p.commandAt - p.sentAt, {
      goal: { atMost: 80 },
      note: `the agent runs in ${shell} with curl; its host is idle`,
    }),
    stage('of it, webhook accepted to first command', p => p.commandAt - p.answeredAt, { goal: { atMost: 80 } }),
    stage('of it, the webhook until its answer', p => p.answeredAt - p.sentAt),
    stage('of it, plan, and sources until the job is queued', p => p.queuedAt - p.sentAt),
    stage('of it, the host is woken and has the lease', p => p.leasedAt - p.queuedAt),
    stage("of it, the agent's start, download, unpacking", p => p.commandAt - p.leasedAt),
  ]
}
