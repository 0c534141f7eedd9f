import { execFile, spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import { Authority } from './support/certificates.ts'
import { bundle } from './support/host.ts'
import { tarball } from './support/tarball.ts'

const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-clients-'))
afterAll(() => rmSync(folder, { recursive: true }))

const directory = (name: string, programs: Record<string, string>) => {
  const path = mkdtempSync(join(folder, `${name}-`))
  for (const [program, text] of Object.entries(programs)) {
    writeFileSync(join(path, program), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  }
  return path
}
const before = (path: string) => `${path}:${process.env.PATH}`

const authority = new Authority()
const tls = { certificate: authority.certificate(), ca: authority.file }

const whereIs = (program: string) =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program], { encoding: 'utf8' }).stdout.trim()

/** Each HTTP client, and fake programs that are first in PATH. Hosts have different programs with the name `nc`. */
const clients: Record<string, Record<string, string>> = {
  curl: {},
  wget: {},
  perl: {},
  'python 3': {},
  nc: {},
  'nc of OpenBSD': { nc: 'exec nc.openbsd "$@"' },
  'nc that is traditional': { nc: 'exec nc.traditional "$@"' },
  'nc of busybox': { nc: 'exec busybox nc "$@"' },
  'nc as an applet only': { nc: 'exit 127' },
  openssl: {},
  bbwget: {},
  'bbwget called wget': { busybox: 'exit 127', wget: `exec ${whereIs('busybox')} wget "$@"` },
  'bbwget with a small od': { od: 'case $* in *-A*) exit 1 ;; esac; exec /usr/bin/od "$@"' },
}

const sourcesOf = (megabytes: number) => {
  const data = randomBytes(megabytes * 1_000_000)
  return { megabytes, archive: tarball({ data }), sum: createHash('md5').update(data).digest('hex') }
}
const [large, small] = [sourcesOf(45), sourcesOf(3)]
/** One entry of each client gets 45 MB of sources. Its other entries run the same code of the agent, and get 3 MB. */
const sourcesFor = (name: string) => (/^(nc of|nc as|nc that|bbwget )/.test(name) ? small : large)
/** Output with NULs, where busybox wget ends a body, and with lines that openssl s_client could read as commands. */
const odd = 'i=0; while [ $i -lt 3000 ]; do printf "Q\\nR\\n\\000\\001k\\nB\\n"; i=$((i + 1)); done'

/** The program that a client needs. The test skips a client without its program. */
const needs = (name: string) =>
  ({ 'nc of OpenBSD': 'nc.openbsd', 'nc that is traditional': 'nc.traditional' })[name] ??
  (/busybox|bbwget|applet/.test(name) ? 'busybox' : name.split(' ')[0]?.replace('python', 'python3'))
const here = Object.entries(clients).filter(([name]) => whereIs(needs(name) ?? ''))

for (const [name, programs] of here) {
  const [client = ''] = name.split(' ')
  const { megabytes, archive, sum } = sourcesFor(name)
  agentTest(
    `${name}: sources of ${megabytes} MB and a log with NULs arrive byte for byte, and TERM ends the long poll`,
    async ({ farm, host, enrolled, expect }) => {
      await enrolled()
      await host.line(new RegExp(`, client ${client}, launcher`))
      const attempt = farm.queue({
        sources: { src: {} },
        archives: [archive],
        steps: { sum: 'md5sum <data', odd: `${odd}; printf 'end\\n'` },
      })
      await farm.finished(attempt, 50_000)
      expect(attempt.log.toString().slice(0, 32)).toBe(sum)
      expect(attempt.log.bytes.subarray(36).equals(Buffer.from(`${'Q\nR\n\0\x01k\nB\n'.repeat(3000)}end\n`))).toBe(true)
      expect(attempt.sourceCalls).toBe(1)

      // No client ends a poll early: in the two seconds of a poll the farm receives only one request.
      farm.poll = 2
      const polls = farm.count('claim')
      await farm.until('the next claim', () => farm.count('claim') > polls || polls > 1)
      const next = farm.queue({ steps: { one: 'echo one' } })
      await farm.finished(next)

      host.signal('TERM')
      await host.line(/^agent-1 exit 0/)
      expect(await host.alive(new URL(farm.url).port)).toEqual([])
      // On a busy machine, the program that watches the client needs a moment to end its sleep of three seconds.
      await expect.poll(() => host.alive('sleep'), { timeout: 1_500 }).toEqual([])
    },
    {
      env: { RUMPFARM_CLIENT: client, PATH: before(directory(client, programs)) },
      ...(client === 'openssl' ? { tls } : {}),
    },
  )
}

const broken = 'echo "no such program here" >&2; exit 127'
const choices: [string, Record<string, string>, string][] = [
  ['curl works', {}, 'curl'],
  ['curl is for another machine', { curl: 'exit 126' }, 'wget'],
  ['wget is busybox', { curl: broken, wget: 'exec busybox wget "$@"' }, 'perl'],
  ['perl has no sockets', { curl: broken, wget: broken, perl: 'exit 2' }, 'python'],
  [
    'python does not run',
    { curl: broken, wget: broken, perl: broken, python3: broken, python2: broken, python: broken },
    'nc',
  ],
]
for (const [what, programs, client] of choices) {
  agentTest(
    `if ${what}, the agent uses ${client}`,
    async ({ host, enrolled }) => {
      await enrolled()
      await host.line(new RegExp(`, client ${client}, launcher`))
    },
    { env: { RUMPFARM_CLIENT: '', PATH: before(directory('choice', programs)) } },
  )
}

const hasIpv6 = Object.values(networkInterfaces()).some(each => each?.some(({ address }) => address === '::1'))
const ipv6Clients = ['curl', 'wget', 'perl', 'python', 'nc', 'openssl'].filter(client =>
  whereIs(client.replace('python', 'python3')),
)
test.skipIf(!hasIpv6).each(ipv6Clients)('%s connects to a farm with an IPv6 address (needs ::1)', async client => {
  const secure = client === 'openssl'
  const answer = (_: unknown, response: { end: (text: string) => void }) => response.end('ok\nend\n')
  const certificate = authority.certificate({ names: 'IP:::1' })
  const server = secure ? createTlsServer(certificate, answer) : createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '::1', resolve))
  const url = `http${secure ? 's' : ''}://[::1]:${(server.address() as AddressInfo).port}`
  const place = mkdtempSync(join(folder, 'ipv6-'))
  // The functions are in a file, because Linux limits one argument of a command to 128 KiB.
  const functions = join(place, 'agent-functions.sh')
  writeFileSync(functions, bundle().replace(/\nmain [^\n]*\n# end of agent.sh\n$/, '\n'))
  const settings = `choose_put; DIR=${place} SLOT_DIR=${place} PRIVATE=${place} CA_FILE=${authority.file} CLIENT=${client} IDLE=''`
  const ask = `set_url '${url}'; use_client; ${client}_usable; ${client}_prepare ''; : >body; send_request /x body answer 5; cat answer client-errors`
  const output = await new Promise<string>(resolve =>
    execFile('dash', ['-c', `. ${functions}\n${settings}; cd ${place}; ${ask}`], (_, stdout, stderr) =>
      resolve(stderr + stdout),
    ),
  )
  server.close()
  expect(output).toContain('ok\nend\n')
})
