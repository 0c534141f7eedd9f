import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

/** A fake of Solaris' setpgrp(1), which starts a command as the leader of a new group. */
const tools = mkdtempSync(join(tmpdir(), 'rumpfarm-setpgrp-'))
writeFileSync(join(tools, 'setpgrp'), '#!/usr/bin/perl\nsetpgrp(0, 0); exec @ARGV; die "exec: $!";\n', { mode: 0o755 })
afterAll(() => rmSync(tools, { recursive: true }))

/** If the shell has no monitor mode, the agent uses `plain` instead of `monitor`. `plain` makes no process group. */
const launchers: Record<string, RegExp> = {
  setsid: /launcher setsid$/,
  perl: /launcher perl$/,
  python3: /launcher python3$/,
  setpgrp: /launcher setpgrp$/,
  monitor: /launcher (monitor|plain)$/,
  plain: /launcher plain$/,
}

for (const [launcher, said] of Object.entries(launchers)) {
  agentTest(
    `launcher ${launcher}: a job outlives its agent, and a cancel also ends the processes of the job that have no mark`,
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
      await host.line(/resumed/)
      expect((await host.alive('sleep 481')).length).toBe(2)
      attempt.cancel = 'cancelled'
      await farm.finished(attempt)
      expect(await host.alive('sleep 481')).toEqual([])
    },
    { env: { RUMPFARM_LAUNCHER: launcher, PATH: `${tools}:${process.env.PATH}` } },
  )
}

for (const [at, [what, ps]] of (
  [
    ['the ps of busybox', 'exec busybox ps "$@"'],
    ['a ps that fails', 'echo "ps: illegal option" >&2; exit 1'],
  ] as const
).entries()) {
  const before = join(tools, `ps-${at}`)
  mkdirSync(before)
  writeFileSync(join(before, 'ps'), `#!/bin/sh\n${ps}\n`, { mode: 0o755 })
  agentTest(
    `the agent finds the process tree with ${what}`,
    async ({ farm, host, enrolled }) => {
      farm.next = 200
      await enrolled()
      await host.line(/launcher plain$/)
      const steps = { hang: 'echo up; (env -u RUMPFARM_MARK sleep 4821 & wait) & env -u RUMPFARM_MARK sleep 4822' }
      const attempt = farm.queue({ steps })
      await farm.logged(attempt, 'up')
      attempt.cancel = 'cancelled'
      await farm.finished(attempt)
      expect(attempt.finishes[0]?.reason).toBe('cancelled')
      expect(await host.alive('sleep 482')).toEqual([])
    },
    { env: { RUMPFARM_LAUNCHER: 'plain', PATH: `${before}:${process.env.PATH}` } },
  )
}
