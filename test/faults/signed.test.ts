// Signed requests over plain HTTP, with a real agent, a real farm, and an attacker who reads and changes messages.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { AgentHost, Invitation } from '../support/agent-host.ts'
import { scriptProject } from '../support/farm-fixture.ts'
import { sharedFarm } from '../support/farm-test.ts'
import { bodyOf, flip, kindOf, ManInTheMiddle, type Meddling } from '../support/man-in-the-middle.ts'
import { SignedWireHost } from '../support/signed-wire-host.ts'
import { eventually } from '../support/waiting.ts'

const man = await ManInTheMiddle.open()
const farm = sharedFarm({
  queues: 'redis',
  environment: { SIGNED_PORT: '0', SIGNED_URL: man.url, PUBLIC_URL: 'http://farm.example' },
  projects: { wire: scriptProject({ hosts: ['wire-*'] }) },
})
let signedUrl = ''
beforeAll(async () => {
  signedUrl = await farm().server.said('where signed requests go', line => line.signedAddress as string | undefined)
  man.standsBefore(signedUrl)
})
afterEach(() => man.leaves())
afterAll(() => man.close())

const signedLine = ({ signedLine }: Invitation) => signedLine ?? 'echo no line'

/** Creates a host, and a project that only this host builds. */
async function newHost(name: string): Promise<AgentHost> {
  await farm().project(name, scriptProject({ hosts: [name] }))
  return farm().host(name, { by: signedLine })
}

describe('an agent while an attacker only listens', () => {
  let host: AgentHost
  beforeAll(async () => {
    host = await newHost('listened')
  })

  test('an agent enrols with the line of the farm, runs a job, and sends the log and the artifacts', async () => {
    await farm().project('listened', scriptProject({ hosts: ['listened'], artifacts: ['out'] }))
    const script = 'cat data.txt; echo "$FARM_URL"; mkdir out; head -c 300000 /dev/zero | tr "\\0" x >out/a+b.bin\n'
    const job = await (await farm().push({ 'job.sh': script, 'data.txt': 'right\n' }, 'listened')).job()
    const { verdict, attempts } = await job.finished()
    expect([verdict, attempts[0]?.reason]).toEqual(['passed', 'exit'])
    expect((await job.log()).toString()).toBe('right\nhttp://farm.example\n')
    const [file] = attempts[0]?.artifacts ?? []
    const kept = await fetch(`${farm().url}/api/v1/jobs/${job.id}/attempts/1/artifacts/out/a%2Bb.bin`)
    expect([file?.name, await kept.text()]).toEqual(['out/a+b.bin', 'x'.repeat(300_000)])
  })

  test('no message between the agent and the farm contains a token, a key or a credential', async () => {
    const [by, ipad, opad] = readFileSync(join(host.dir, 'private', 'key'), 'utf8').split('\n')
    const wire = man.wire.toString('latin1')
    expect(by).toBe('listened')
    expect(wire).toContain('by=listened&time=')
    const key = [...(ipad ?? '')].map(letter => String.fromCharCode(letter.charCodeAt(0) ^ 0x36)).join('')
    expect(key).toMatch(/^[a-p]{64}$/)
    const bytes = Buffer.from([...key].map(letter => (letter.charCodeAt(0) - 97).toString(16)).join(''), 'hex')
    for (const secret of [key, ipad, opad, bytes.toString('hex'), bytes.toString('latin1'), bytes.toString('base64')])
      expect(wire).not.toContain(secret)
    const talk = man.exchanges.filter(({ request }) => kindOf(request) !== 'agent.sh')
    expect(talk.length).toBeGreaterThan(3)
    for (const { request, answer } of talk)
      expect(Buffer.concat([request, answer]).toString('latin1')).not.toMatch(
        /rfi-|rfh-|bearer|authorization|credential/i,
      )
  })
})

test('a host does not run a script that the attacker has changed', async () => {
  const { changed } = man
  man.meddles({ answer: (bytes, kind) => (kind === 'agent.sh' ? flip(bytes, /umask 077/) : bytes) })
  const host = await farm().beginHost('wary', { by: signedLine })
  await host.hears(/^agent.sh: FAILED$/)
  expect(await host.exited()).toBe(1)
  expect(man.changed).toBe(changed + 1)
  expect(man.exchanges.filter(({ request }) => request.includes('wary'))).toEqual([])
})

test('if the agent runs from a pipe over plain HTTP, it does not enrol, and asks the owner to save and compare the script', async () => {
  const host = await farm().beginHost('piped', {
    by: ({ token }) => `curl -s ${man.url}/agent.sh | sh -s -- enroll ${token}`,
  })
  await host.hears(/^rumpfarm: save .*\/agent.sh, compare its SHA-256/)
  expect(man.exchanges.filter(({ request }) => kindOf(request) === 'enroll' && request.includes('piped'))).toEqual([])
})

const files = (script: string) => ({ 'job.sh': script, 'right.txt': 'right\n' })

/** The position of the byte to change, and the kind of the message. */
type Spot = [what: string, kind: string, where: RegExp, who: 'request' | 'answer']

/** Changes one byte in each of the next `times` messages that match the spot. */
const meddlesWith = ([, kind, where, way]: Spot, times: number): (() => number) => {
  let changed = 0
  const change = (bytes: Buffer, of: string) => {
    if (of !== kind || changed === times) return bytes
    const copy = flip(bytes, where)
    if (copy !== bytes) changed++
    return copy
  }
  man.meddles({ [way]: change } as Meddling)
  return () => changed
}

const inRunningJob: Spot[] = [
  ['the offset of a heartbeat', 'progress', /(?<=offset=)\d/, 'request'],
  ['the lease in a path', 'progress', /(?<=lease=.)[0-9a-f]/, 'request'],
  ['the time of a request', 'progress', /(?<=time=\d+)\d&/, 'request'],
  ['a byte of the log', 'progress', /(?<=\r\n\r\n[\s\S]*)line/, 'request'],
  ['the signature of a request', 'progress', /(?<=sig=)./, 'request'],
  ['the size that the farm holds', 'progress', /(?<=size )\d/, 'answer'],
  ['the first word of an answer', 'progress', /(?<=\r\n\r\n)ok/, 'answer'],
  ['the signature of an answer', 'progress', /(?<=sig )./, 'answer'],
]

describe('if an attacker changes a message of a running job, the receiver rejects the message, and the job ends correctly', () => {
  let host: AgentHost
  beforeAll(async () => {
    host = await newHost('running')
  })

  test.each(inRunningJob)('if the attacker changes %s, the receiver rejects the message', async (...spot) => {
    const done = join(farm().directory, `done-${spot[0].replaceAll(' ', '-')}`)
    const talk = `i=0; until [ -e ${done} ]; do i=$((i+1)); echo line $i; sleep 0.2; done; echo right\n`
    const complaints = () => host.said.split('no answer from the farm').length
    const before = complaints()
    const job = await (await farm().push(talk, 'running')).job()
    await job.logged('line 1\n')
    const changed = meddlesWith(spot, 1)
    await eventually('the refusal', () => (changed() === 1 && complaints() > before ? true : undefined))
    expect((await job.log()).toString()).toMatch(/^(line \d+\n)*$/)
    writeFileSync(done, '')
    expect(await job.finished()).toMatchObject({ verdict: 'passed', attempts: [{ reason: 'exit' }] })
    const lines = (await job.log()).toString().trimEnd().split('\n')
    expect(lines).toEqual([...lines.slice(0, -1).map((_, index) => `line ${index + 1}`), 'right'])
  })

  test('the agent ignores a cancel that the attacker inserts', async () => {
    const done = join(farm().directory, 'not-cancelled')
    const job = await (
      await farm().push(`echo begun; until [ -e ${done} ]; do sleep 0.1; done; echo right\n`, 'running')
    ).job()
    await job.logged('begun\n')
    let told = 0
    man.meddles({
      answer: (bytes, kind) => {
        if (kind !== 'progress' || told++ > 1) return bytes
        // The length is correct. The inserted line is before or after the signature, so only the signature is wrong.
        const place = told % 2 === 0 ? /\nend\n$/ : /\nsig /
        const text = bytes.toString('latin1').replace(place, found => `\ncancel cancelled${found}`)
        return Buffer.from(
          text.replace(/(?<=content-length: )\d+/i, length => `${Number(length) + 17}`),
          'latin1',
        )
      },
    })
    await eventually('an answer after two inserted cancels', () => (told > 2 ? true : undefined))
    writeFileSync(done, '')
    expect(await job.finished()).toMatchObject({ verdict: 'passed', attempts: [{ reason: 'exit' }] })
    expect((await job.log()).toString()).toBe('begun\nright\n')
  })
})

const beforeJob: Spot[] = [
  ['the number of a claim', 'claim', /(?<=claim=)\d/, 'request'],
  ['the free disk of a claim', 'claim', /(?<=disk_mb )\d/, 'request'],
  ['a step of the job', 'claim', /(?<=\n\| sh .*)job.sh/, 'answer'],
  ['the lease', 'claim', /(?<=lease .)[0-9a-f]/, 'answer'],
  ['a checksum of the sources', 'claim', /(?<=sha256:.*)[0-9a-f]/, 'answer'],
  ['the sources during the download', 'sources', /(?<=\r\n\r\n[\s\S]{30})[\s\S]/, 'answer'],
  ['the path of the sources', 'sources', /(?<=lease=.)[0-9a-f]/, 'request'],
  ['the result', 'finish', /(?<=reason )exit/, 'request'],
  ['the answer to the result', 'finish', /(?<=verdict )passed/, 'answer'],
]

describe('if an attacker changes a message before or after a job, the receiver rejects the message, and the job ends correctly', () => {
  beforeAll(() => newHost('changed'))

  test.each(beforeJob)('if the attacker changes %s, the receiver rejects the message', async (...spot) => {
    const times = spot[1] === 'sources' ? 2 : 1 // after three wrong downloads the job would be broken
    const changed = meddlesWith(spot, times)
    const before = man.exchanges.length
    const job = await (await farm().push(files(`: ${spot[0]}\ncat right.txt\n`), 'changed')).job()
    await eventually('the changes', () => (changed() === times ? true : undefined))
    man.leaves()
    const { verdict, attempts } = await job.finished()
    expect([verdict, attempts.length, attempts[0]?.reason]).toEqual(['passed', 1, 'exit'])
    expect((await job.log()).toString()).toBe('right\n')
    // The side that rejected the changed bytes repeats its request.
    const repeated = () => man.exchanges.slice(before).filter(({ request }) => kindOf(request) === spot[1]).length
    await eventually('the same request again', () => (repeated() > times ? true : undefined))
  })
})

describe('requests that an attacker has recorded', () => {
  let host: SignedWireHost
  const invite = (name: string) => farm().api().post<Invitation>('/api/v1/hosts/invitations', { name })
  beforeAll(async () => {
    host = new SignedWireHost(signedUrl, 'wire-1')
    await host.enrolSigned((await invite('wire-1')).token)
    expect((await host.hello(['amd64'])).code).toBe(0)
  })

  /** Creates a separate host that has sent a hello. */
  async function signedHost(name: string) {
    const host = new SignedWireHost(signedUrl, name)
    await host.enrolSigned((await invite(name)).token)
    await host.hello(['amd64'])
    return host
  }

  test('every server of the farm rejects a request that the farm has already accepted', async () => {
    await farm().push('', 'wire')
    const offer = await host.job(1)
    const body = Buffer.from('a line\n')
    const path = `/agent/v1/attempts/${offer.attempt}/progress?lease=${offer.lease}&offset=0&len=7&sum=none&step=1`
    const signed = host.sign('POST', path, body)
    const first = await (await host.send('POST', signed.path, body)).text()
    expect(host.believe(first, signed.nonce)).toMatchObject({
      code: 0,
      lines: [
        ['size', '7'],
        ['next', '2000'],
      ],
    })

    const other = await farm().another()
    const otherUrl = await other.said('where signed requests go', line => line.signedAddress as string | undefined)
    for (const url of [signedUrl, otherUrl]) {
      const again = await (await fetch(`${url}${signed.path}`, { method: 'POST', body })).text()
      expect(host.believe(again, signed.nonce)).toMatchObject({ code: 401, text: 'replay' })
    }
    // If the attacker delays a request until after a later request, the farm rejects the delayed request, too.
    const held = host.sign('POST', path.replace('offset=0', 'offset=7'), body)
    expect((await host.post(path.replace('offset=0', 'offset=9'), body)).code).toBe(409)
    const late = await (await fetch(`${otherUrl}${held.path}`, { method: 'POST', body })).text()
    expect(host.believe(late, held.nonce)).toMatchObject({ code: 401, text: 'replay' })
    expect((await host.progress(offer, '', { offset: 7 })).lines).toContainEqual(['size', '7'])
    expect((await host.finish(offer, 'a line\n')).code).toBe(0)
  })

  test('the farm rejects a request whose time is more than five minutes wrong, and answers with the farm’s time', async () => {
    for (const clockError of [-310, 310, -1_000_000_000]) {
      const wrong = Object.assign(await signedHost(`wire${clockError}`.replace('-', '-m')), { clockError })
      const answer = await wrong.post('/agent/v1/bye?instance=x', [])
      expect(answer).toMatchObject({ code: 401, text: expect.stringMatching(/^clock \d{10}$/) })
      expect(Math.abs(Number(answer.text.split(' ')[1]) - Date.now() / 1000)).toBeLessThan(5)
    }
    const late = Object.assign(await signedHost('wire-late'), { clockError: -290 })
    expect((await late.post('/agent/v1/bye?instance=x', [])).code).toBe(0)
  })

  test('the farm rejects unsigned requests, bearer credentials and the keys of other hosts on the signed port', async () => {
    const bearer = await farm().wireHost('wire-bearer')
    const authorization = { authorization: `Bearer ${bearer.credential}` }
    const hello = '/agent/v1/hello'
    const refusal =
      /^err 401 (every request to this port must be signed|this request is not signed by a host of this farm)/
    const ask = async (path: string, init: RequestInit = {}) =>
      (await fetch(`${signedUrl}${path}`, { method: 'POST', body: 'end\n', ...init })).text()

    expect(await ask(hello)).toMatch(refusal)
    expect(await ask(hello, { headers: authorization })).toMatch(refusal)
    expect(await ask('/agent/v1/enroll')).toMatch(refusal)
    for (const by of ['wire-1', 'wire-bearer', 'nobody', 'f'.repeat(64)]) {
      const stranger = Object.assign(new SignedWireHost(signedUrl, by), { by, key: 'a'.repeat(64) })
      expect(await ask(stranger.sign('POST', hello, 'end\n').path)).toMatch(refusal)
    }
    const mine = host.sign('POST', hello, 'end\n').path
    for (const changed of [
      mine.replace('/hello', '/bye'),
      mine.replace('by=', 'By='),
      `${mine}&x=1`,
      mine.replace(/.$/, ''),
    ])
      expect(await ask(changed)).toMatch(refusal)
    expect(await ask(mine, { body: 'END\n' })).toMatch(refusal)
  })

  test('the signed port serves no dashboard and no API, and the main port rejects signed requests', async () => {
    for (const path of ['/', '/hosts', '/api/v1/hosts', '/healthz', '/metrics', '/agent/v1/hello'])
      expect([path, (await fetch(`${signedUrl}${path}`)).status === 200 && path !== '/agent/v1/hello']).toEqual([
        path,
        false,
      ])
    const signed = host.sign('POST', '/agent/v1/hello', 'end\n').path
    const main = await fetch(`${farm().url}${signed}`, { method: 'POST', body: 'end\n' })
    expect(await main.text()).toMatch(/^err 401 this credential is not known/)
    const key = await fetch(`${farm().url}/agent/v1/hello`, {
      method: 'POST',
      headers: { authorization: `Bearer ${host.key}` },
      body: 'end\n',
    })
    expect(await key.text()).toMatch(/^err 401 this credential is not known/)
  })

  test('the farm rejects the key of a removed host, and gives a new host with that name another key', async () => {
    const before = await signedHost('wire-gone')
    await fetch(`${farm().url}/api/v1/hosts/wire-gone`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${farm().adminToken}` },
    })
    const { path } = before.sign('POST', '/agent/v1/hello', 'end\n')
    await eventually(
      'the rejection of the removed host’s key',
      async () =>
        /^err 401/.test(await (await fetch(`${signedUrl}${path}`, { method: 'POST', body: 'end\n' })).text()) ||
        undefined,
    )
    const after = await signedHost('wire-gone')
    expect(after.key).not.toBe(before.key)
    expect((await after.claim(1)).code).toBe(0)
    await expect(before.claim(1)).rejects.toThrow(/not signed by the farm/)
  })
})

const older = (text: string) => text.replace(/^AGENT_VERSION=.*$/m, 'AGENT_VERSION=0.9.0+1')

/** Starts a host with an older agent. The farm offers the newer version to this agent. */
async function olderHost(name: string): Promise<AgentHost> {
  const host = await newHost(name)
  await host.stop()
  host.changeAgent(older)
  await host.start()
  return host
}

test('an older agent downloads the new version over signed HTTP and runs it', async () => {
  const host = await olderHost('updated')
  await host.hears(/^rumpfarm: updated to /)
  const job = await (await farm().push('echo right', 'updated')).job()
  expect(await job.finished()).toMatchObject({ verdict: 'passed' })
})

test('an older agent rejects a new version that the attacker has changed', async () => {
  man.meddles({ answer: (bytes, kind) => (kind === 'agent' ? flip(bytes, /umask 077/) : bytes) })
  const host = await olderHost('outdated')
  await host.hears(
    /^rumpfarm: not updated: the download has \d+ bytes and checksum sha256:[0-9a-f]{64}, unlike the offer/,
  )
  expect(host.read('agent.sh')).toContain('AGENT_VERSION=0.9.0+1')
})

test('an agent rejects an old answer that an attacker sends in place of a new answer', async () => {
  const host = await newHost('replayed')
  const done = join(farm().directory, 'replayed')
  const job = await (
    await farm().push(
      `i=0; until [ -e ${done} ]; do i=$((i+1)); echo line $i; sleep 0.2; done; echo right\n`,
      'replayed',
    )
  ).job()
  await job.logged('line 1\n')
  const old = man.exchanges.findLast(({ request }) => kindOf(request) === 'progress')?.answer
  expect(old?.toString()).toMatch(/\nsig [0-9a-f]{64}\nend\n$/)
  let replayed = 0
  man.meddles({ answer: (bytes, kind) => (kind === 'progress' && replayed++ < 2 ? (old ?? bytes) : bytes) })
  await host.hears(/no answer from the farm/)
  await eventually('an answer after two replayed answers', () => (replayed > 2 ? true : undefined))
  writeFileSync(done, '')
  expect(await job.finished()).toMatchObject({ verdict: 'passed' })
  expect((await job.log()).toString()).toMatch(/^(line \d+\n)+right\n$/)
})

test('if the clock of a host shows 1999, the host takes the time from the farm once, during the enrolment, and runs jobs', async () => {
  const folder = join(farm().directory, 'clock')
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'date'),
    '#!/bin/sh\ncase $1 in +*) exec /bin/date -d "@$(($(/bin/date +%s) - 800000000))" "$@" ;; esac\nexec /bin/date "$@"\n',
    { mode: 0o755 },
  )
  await farm().project('old', scriptProject({ hosts: ['old'] }))
  const environment = { PATH: `${folder}:${process.env.PATH}` }
  const before = man.exchanges.length
  const host = await farm().host('old', { by: signedLine, environment })
  const job = await (await farm().push('echo right', 'old')).job()
  expect(await job.finished()).toMatchObject({ verdict: 'passed' })
  const told = man.exchanges.slice(before).filter(({ answer }) => /^err 401 clock/.test(bodyOf(answer).toString()))
  expect(told.map(({ request }) => kindOf(request))).toEqual(['enroll'])
  expect(Math.abs(Number(readFileSync(join(host.dir, 'private', 'skew'), 'utf8')) - 800_000_000)).toBeLessThan(10)
})
