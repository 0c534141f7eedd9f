import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { Authority, type Certificate } from './certificates.ts'
import { ScriptedFarm } from './farm.ts'
import { agentClient, bundle, Host, requireJail } from './host.ts'

/** With which certificate a farm speaks TLS, and whom the host trusts. */
export type Tls = { certificate: Certificate; ca: string }

const ownTls = (): Tls => {
  const authority = new Authority()
  return { certificate: authority.certificate(), ca: authority.file }
}
const usualTls = agentClient === 'openssl' ? ownTls() : undefined // it speaks nothing else

/** What the words of an enrolment begin with, and curl's when it fetches the script. */
const trusting = (tls: Tls | undefined) => (tls ? `--ca ${tls.ca} ` : '')
export const trust = trusting(usualTls)
export const curlTrust = usualTls ? `--cacert ${usualTls.ca} ` : ''

export type Scene = { farm: ScriptedFarm; host: Host; enrolled: () => Promise<void> }

const text = bundle()

/** A farm and a host of its own for each test; the farm must not have seen one request that breaks the protocol. */
export const scene = (
  sentence: string,
  act: (scene: Scene) => Promise<void>,
  options: { env?: Record<string, string>; tls?: Tls } = {},
) =>
  test.concurrent(sentence, { timeout: 60_000 }, async ({ expect }) => {
    requireJail()
    const tls = options.tls ?? usualTls
    const farm = await new ScriptedFarm(tls?.certificate).open()
    farm.script = text
    const host = new Host(options.env)
    try {
      await act({ farm, host, enrolled: () => enrol(farm, host, tls) })
      expect(farm.offences).toEqual([])
    } catch (error) {
      if (error instanceof Error)
        error.message += `\n--- the agent said:\n${host.said()}\n--- the farm saw:\n${farm.story()}`
      throw error
    } finally {
      await host.close()
      await farm.close()
    }
  })

/** Enrols from a saved file, which goes on as the running agent. */
const enrol = async (farm: ScriptedFarm, host: Host, tls: Tls | undefined) => {
  const saved = join(host.folder, 'saved.sh')
  writeFileSync(saved, text)
  await host.start(`${saved} ${trusting(tls)}--url ${farm.url} enroll ${farm.invitation}`)
  await farm.until('the first claim', () => farm.count('claim') > 0)
}
