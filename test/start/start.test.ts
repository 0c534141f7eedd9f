import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

// Tests `npm start` with this clone, its sample, a compiler and a separate data directory. Each test continues with the
// data of the previous test.
const farm = fileURLToPath(new URL('../../farm', import.meta.url))
const patience = 240_000
let directory: string
let data: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rumpfarm-start-'))
  await chmod(directory, 0o711) // if root runs the test, the account of PostgreSQL needs access
  data = join(directory, 'farm data')
})

afterAll(() => rm(directory, { recursive: true }))

const start = (changes: Record<string, string> = {}): Program => {
  const { PATH = '', HOME = directory } = process.env
  const starter = new Program([farm, 'start'], { PATH, HOME, PORT: '0', RUMPFARM_DATA: data, ...changes }, directory)
  onTestFinished(async () => {
    if (starter.running) await starter.stop(40_000)
  })
  return starter
}

const saying = (starter: Program, pattern: RegExp): Promise<RegExpExecArray> =>
  starter.line(String(pattern), line => pattern.exec(line) ?? undefined, 0, patience)

/** Processes that use the data directory of this test. */
const left = (): string[] => {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'stat=,args='], { encoding: 'utf8' })
  return stdout.split('\n').filter(line => line.includes(directory) && !/^Z/.test(line))
}

const nothingLeft = () => eventually('every process of the farm ends', () => (left().length === 0 ? true : undefined))

const endWith = async (starter: Program, signal: 'SIGINT' | 'SIGTERM'): Promise<number | null> => {
  starter.child.kill(signal)
  const [code] = await once(starter.child, 'exit')
  return code
}

test('the first start makes this machine a host and builds the sample until its cell is green', {
  timeout: patience,
}, async () => {
  const starter = start()
  await saying(starter, /^enrolling this machine as \S+ with the line that every host uses/)
  await saying(starter, /^ {4}curl -fsS http:\S+\/agent\.sh \| sh -s -- enroll rfi-/)
  await saying(starter, /^ {4}configure +passed/)
  await saying(starter, /^ {4}tests +passed/)
  const [, page = ''] = await saying(starter, /is green {2}(http:\S+)$/)
  const [, login = ''] = await saying(starter, /^to sign in as administrator.*: (http:\S+)$/)
  await saying(starter, /^Ctrl-C stops everything/)

  expect((await fetch(page)).status).toBe(200)
  for (const name of ['sources', 'logs', 'secrets'])
    expect([name, ((await stat(join(data, name))).mode & 0o777).toString(8)]).toEqual([name, '700'])
  expect((await fetch(login)).status).toBe(200)
  expect(await endWith(starter, 'SIGINT')).toBe(0)
  const stopped = starter.lines.filter(line => line.endsWith(' has stopped')).map(line => line.replace(/ has.*/, ''))
  expect(stopped).toEqual([expect.stringMatching(/^the host /), 'the server', 'PostgreSQL'])
  expect(left()).toEqual([])
})

test('a second start on another port uses the same data, and SIGKILL leaves no process of the farm', {
  timeout: patience,
}, async () => {
  const starter = start()
  await saying(starter, /^build 1: sample at /)
  await saying(starter, /is green/)

  expect(starter.lines.filter(line => line.startsWith('enrolling'))).toEqual([])
  await starter.kill9()
  await nothingLeft()
})

test('after SIGKILL the farm starts again, and SIGTERM stops the farm', { timeout: patience }, async () => {
  const starter = start()
  await saying(starter, /is green/)
  expect(await endWith(starter, 'SIGTERM')).toBe(0)
  expect(left()).toEqual([])
})

test('the farm restarts a server or a database that ends unexpectedly, and the job of this machine continues', {
  timeout: patience,
}, async () => {
  const file = join(directory, 'slow.yaml')
  const repository = fileURLToPath(new URL('../..', import.meta.url))
  const steps = '[{ wait: "while [ ! -e $RELEASE ]; do sleep 0.1; done; echo released" }]'
  const release = join(directory, 'release')
  const env = `{ RELEASE: ${JSON.stringify(release)} }`
  await writeFile(file, `projects:\n  sample: { repository: ${repository}, env: ${env}, steps: ${steps} }\n`)
  const starter = start({ FARM_FILE: file })
  const [, build = ''] = await saying(starter, /^build (\d+): sample at /)
  const url = (await saying(starter, /^the farm answers at (\S+)/))[1]
  const job = async () => {
    const answer = await fetch(`${url}/api/v1/jobs?build=${build}`).catch(() => undefined)
    return answer?.ok ? ((await answer.json()) as { items: { state: string; attempt: string }[] }).items[0] : undefined
  }
  const running = () => eventually('the job runs', async () => ((await job())?.state === 'running' ? true : undefined))
  const processes = async () => (await readFile(join(data, 'postgres/server.pid'), 'utf8')).split('\n').map(Number)
  await running()

  const [server = 0] = await processes()
  process.kill(server, 'SIGKILL')
  await saying(starter, /^the server ended unexpectedly \(killed by SIGKILL\)/)
  await saying(starter, /^the farm answers again at /)
  await running()
  const after = starter.lines.length
  process.kill((await processes())[1] ?? 0, 'SIGKILL')
  await starter.line(
    'why',
    line => (line.includes('PostgreSQL ended by itself (killed by SIGKILL)') ? true : undefined),
    after,
    patience,
  )
  await starter.line(
    'the end',
    line => (/^the server ended unexpectedly \(exit code 1\)/.test(line) ? true : undefined),
    after,
    patience,
  )
  await starter.line(
    'its return',
    line => (line.startsWith('the farm answers again') ? true : undefined),
    after,
    patience,
  )
  await running()

  await writeFile(release, '')
  await saying(starter, / is green /)
  expect((await job())?.attempt).toMatch(/\.1$/)
  expect(await endWith(starter, 'SIGINT')).toBe(0)
  await nothingLeft()
})

test('if the database of a farm is lost, the farm enrols this machine again', { timeout: patience }, async () => {
  await rm(join(data, 'postgres'), { recursive: true })
  const starter = start()
  await saying(starter, /^the database has no host \S+: enrolling again/)
  await saying(starter, /is green/)
})

test('the farm prints an error in farm.yaml with its position, and still runs', { timeout: patience }, async () => {
  const file = join(directory, 'mistaken.yaml')
  await writeFile(file, 'projects:\n  hello:\n    repo: x\n')
  const starter = start({ FARM_FILE: file })
  await saying(starter, /^ {4}mistaken\.yaml:3:5: projects\.hello\.repo: found "repo" \(unknown key\)/)
  await saying(starter, /^Ctrl-C stops everything/)
})

test('the farm reports in one line that its port is in use', { timeout: patience }, async () => {
  const other = createServer((_, response) => response.end('not a farm'))
  await once(other.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const starter = start({ PORT: String(port) })
  await eventually('the starter ends', () => (starter.running ? undefined : true))

  const message = `farm: port ${port} is used by another program; choose another port: PORT=${port + 1} npm start`
  expect(starter.lines).toEqual([message])
  expect(starter.child.exitCode).toBe(1)
})
