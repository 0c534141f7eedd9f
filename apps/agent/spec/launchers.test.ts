import { expect } from 'vitest'
import { scene } from './support/scene.ts'

/** Where a shell has no monitor mode without a terminal, `monitor` falls back to `plain`, which walks the process tree. */
const launchers: Record<string, RegExp> = {
  setsid: /launcher setsid$/,
  perl: /launcher perl$/,
  python3: /launcher python3$/,
  monitor: /launcher (monitor|plain)$/,
  plain: /launcher plain$/,
}

for (const [launcher, said] of Object.entries(launchers)) {
  scene(
    `launcher ${launcher}: a job outlives its agent, and ends with all that carries no mark`,
    async ({ farm, host, enrolled }) => {
      farm.next = 200
      await enrolled()
      await host.line(said)
      const steps = { hang: 'echo up; env -u RUMPFARM_MARK sleep 4811 & sleep 4812' }
      const attempt = farm.queue({ steps })
      await farm.logged(attempt, 'up')
      host.signal('KILL')
      await host.line(/^agent-[0-9]+ exit 137$/)
      await host.start()
      await host.line(/taken up again/)
      expect((await host.alive('sleep 481')).length).toBe(2)
      attempt.cancel = 'cancelled'
      await farm.finished(attempt)
      expect(await host.alive('sleep 481')).toEqual([])
    },
    { env: { RUMPFARM_LAUNCHER: launcher } },
  )
}
