import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ExpectStatic, test } from 'vitest'
import { Authority, type Certificate } from './certificates.ts'
import { ScriptedFarm } from './farm.ts'
import { agentClient, bundle, Host, requireNamespace } from './host.ts'

/** The certificate of the farm and the authority that the host trusts. */
export type Tls = { certificate: Certificate; ca: string }

const ownTls = (): Tls => {
  const authority = new Authority()
  return { certificate: authority.certificate(), ca: authority.file }
}
const usualTls = agentClient === 'openssl' ? ownTls() : undefined // openssl supports only TLS

/** The options that make the agent, and curl, trust the authority. */
const trusting = (tls: Tls | undefined) => (tls ? `--ca ${tls.ca} ` : '')
export const trust = trusting(usualTls)
export const curlTrust = usualTls ? `--cacert ${usualTls.ca} ` : ''

export type Setup = {
  farm: ScriptedFarm
  host: Host
  /** Starts the agent on a host that is already enrolled. */
  enrolled: () => Promise<void>
  /** Lets the agent enrol the host. This takes 0.5 s more CPU time, so only tests of the enrolment use it. */
  enrols: () => Promise<void>
  /** The functions of this test. `expect.poll` of Vitest itself fails here, because the tests run at the same time. */
  expect: ExpectStatic
}

requireNamespace()
const text = bundle()

/** A test with its own farm and host. The test fails if a request breaks the protocol. `conf`: further lines of host.conf. */
export const agentTest = (
  sentence: string,
  act: (setup: Setup) => Promise<void>,
  options: { env?: Record<string, string>; tls?: Tls; conf?: string } = {},
) =>
  test.concurrent(sentence, async ({ expect }) => {
    const tls = options.tls ?? usualTls
    const farm = await new ScriptedFarm(tls?.certificate).open()
    farm.script = text
    const host = new Host(options.env)
    try {
      await act({
        farm,
        host,
        enrolled: () => startEnrolled(farm, host, tls, options.conf),
        enrols: () => enrol(farm, host, tls),
        expect,
      })
      expect(farm.violations).toEqual([])
    } catch (error) {
      if (error instanceof Error)
        error.message += `\n--- the agent said:\n${host.said()}\n--- the farm saw:\n${farm.requestLog()}`
      throw error
    } finally {
      await host.close()
      await farm.close()
    }
  })

/** Writes the files that an enrolment makes, and starts the agent. */
const startEnrolled = async (farm: ScriptedFarm, host: Host, tls: Tls | undefined, conf = '') => {
  mkdirSync(join(host.dir, 'private'), { recursive: true, mode: 0o700 })
  const write = (name: string, content: string) => writeFileSync(join(host.dir, name), content, { mode: 0o600 })
  write('agent.sh', text.replace('@FARM_URL@', farm.url))
  write('farm', `${farm.url} vax\n`)
  write('private/credential', `${farm.credential}\n`)
  write('host.conf', `arch amd64 native\ndisk_floor_mb 500\n${conf}`)
  if (tls) copyFileSync(tls.ca, join(host.dir, 'ca.pem'))
  await host.start()
  await firstClaim(farm)
}

/** Enrols from a saved script, which then runs as the agent. */
const enrol = async (farm: ScriptedFarm, host: Host, tls: Tls | undefined) => {
  const saved = join(host.folder, 'saved.sh')
  writeFileSync(saved, text)
  await host.start(`${saved} ${trusting(tls)}--url ${farm.url} enroll ${farm.invitation}`)
  await firstClaim(farm)
}

const firstClaim = (farm: ScriptedFarm) => farm.until('the first claim', () => farm.count('claim') > 0)
