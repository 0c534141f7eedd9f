import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import { Authority } from './support/certificates.ts'
import { bundle } from './support/host.ts'

const authority = new Authority()
const unknownAuthority = new Authority()
const ca = authority.file
const good = authority.certificate()

const perlHasTls = spawnSync('perl', ['-e', 'use IO::Socket::SSL 1.84']).status === 0
const clients = ['curl', 'wget', 'python', 'openssl', ...(perlHasTls ? ['perl'] : [])]

const bad = [
  {
    what: 'a certificate for another name',
    certificate: authority.certificate({ names: 'DNS:other.example,IP:127.0.0.9' }),
    said: /match|subject|not valid for|hostname|IP address|SSL peer certificate/i,
  },
  {
    what: 'a certificate of an unknown authority',
    certificate: unknownAuthority.certificate(),
    said: /self.signed|unable to get local issuer|issuer|verif|unknown|not trusted/i,
  },
  {
    what: 'an expired certificate',
    certificate: authority.certificate({ until: '20200201000000Z' }),
    said: /expired/i,
  },
]

for (const client of clients) {
  const env = { RUMPFARM_CLIENT: client }

  agentTest(
    `${client}: a job runs over TLS if a private authority has signed the farm’s certificate`,
    async ({ farm, host, enrols }) => {
      await enrols()
      const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251))
      const attempt = farm.queue({ sources: { src: { data: bytes } }, steps: { show: 'cat data' } })
      await farm.finished(attempt)
      expect(attempt.log.bytes.equals(bytes)).toBe(true)
      expect(attempt.sourceCalls).toBe(1)
      expect(host.read('ca.pem')).toContain('BEGIN CERTIFICATE')
    },
    { env, tls: { certificate: good, ca } },
  )

  for (const { what, certificate, said } of bad) {
    agentTest(
      `${client}: the agent rejects ${what} and shows the reason`,
      async ({ farm, host }) => {
        const saved = join(host.folder, 'saved.sh')
        writeFileSync(saved, bundle())
        const enrol = `${host.shell} ${saved} --ca ${ca} --url ${farm.url} enroll ${farm.invitation}`
        const { output, code } = await host.run(enrol, 40_000)
        expect(output).toMatch(/^rumpfarm: no answer from the farm at https:.* \(.+\)$/m)
        expect(output).toMatch(said)
        expect(code).toBe(1)
        expect(farm.seen).toEqual([])
      },
      { env, tls: { certificate, ca } },
    )
  }
}

/** Fakes of programs that cannot check a certificate. The agent must notice this when it tests the program. */
const unable: [string, Record<string, string>, RegExp][] = [
  ['an openssl without -verify_hostname', { openssl: 'echo "usage: -connect host:port" >&2' }, /openssl.*cannot check/],
  ['nc, which has no TLS', { nc: 'exit 1' }, /tried: nc/],
  ['busybox wget', { busybox: 'echo "--post-file FILE"' }, /tried: bbwget/],
  ['a curl without TLS', { curl: 'echo "Protocols: file ftp http"' }, /tried: curl/],
  ['a python that checks no certificates', { python3: 'exit 1', python2: 'exit 1', python: 'exit 1' }, /tried: python/],
  ['a perl without IO::Socket::SSL', { perl: 'exit 2' }, /tried: perl/],
]
for (const [what, programs, said] of unable) {
  const [tool = ''] = Object.keys(programs)
  const client = tool === 'busybox' ? 'bbwget' : tool === 'python3' ? 'python' : tool
  agentTest(
    `the agent does not use ${what} for https`,
    async ({ farm, host }) => {
      const saved = join(host.folder, 'saved.sh')
      writeFileSync(saved, bundle())
      for (const [name, text] of Object.entries(programs)) {
        writeFileSync(join(host.folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
      }
      const enrol = `PATH=${host.folder}:$PATH ${host.shell} ${saved} --ca ${ca} --url ${farm.url} enroll ${farm.invitation}`
      const { output, code } = await host.run(enrol)
      expect(output).toMatch(/^rumpfarm: no HTTP client here can reach https:/)
      expect(output).toMatch(said)
      expect(code).toBe(1)
      expect(farm.seen).toEqual([])
    },
    { env: { RUMPFARM_CLIENT: client }, tls: { certificate: good, ca } },
  )
}
