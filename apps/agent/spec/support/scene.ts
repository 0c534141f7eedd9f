import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'vitest'
import { ScriptedFarm } from './farm.ts'
import { bundle, Host, requireJail } from './host.ts'

export type Scene = { farm: ScriptedFarm; host: Host; enrolled: () => Promise<void> }

const text = bundle()

/** A farm and a host of its own for each test; the farm must not have seen one request that breaks the protocol. */
export const scene = (
  sentence: string,
  act: (scene: Scene) => Promise<void>,
  options: { env?: Record<string, string> } = {},
) =>
  test.concurrent(sentence, { timeout: 60_000 }, async ({ expect }) => {
    requireJail()
    const farm = await new ScriptedFarm().open()
    farm.script = text
    const host = new Host(options.env)
    try {
      await act({ farm, host, enrolled: () => enrol(farm, host) })
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
const enrol = async (farm: ScriptedFarm, host: Host) => {
  const saved = join(host.folder, 'saved.sh')
  writeFileSync(saved, text)
  await host.start(`${saved} --url ${farm.url} enroll ${farm.invitation}`)
  await farm.until('the first claim', () => farm.count('claim') > 0)
}
