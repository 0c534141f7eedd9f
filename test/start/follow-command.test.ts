// `./farm` follows a build that a real host runs. The commands themselves are tested in apps/cli.
import { spawn, spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { TestFarm } from '../support/farm-fixture.ts'
import { farmTest } from '../support/farm-test.ts'
import { eventually } from '../support/waiting.ts'

const program = fileURLToPath(new URL('../../farm', import.meta.url))

/** util-linux's `script` runs a program in a terminal. */
const hasScript = spawnSync('script', ['--version']).stdout?.includes('util-linux') ?? false

function run({ directory, adminToken }: TestFarm, [file = '', ...args]: string[]) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? directory,
    RUMPFARM_DATA: join(directory, 'data'),
    RUMPFARM_TOKEN: adminToken,
  }
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', chunk => {
      output += chunk
    })
  const ended = new Promise<number | null>(resolve => child.on('close', resolve))
  return { ended, output: () => output, interrupt: () => child.kill('SIGINT') }
}

farmTest('./farm trigger --wait exits with the verdict, and ./farm log -f prints a running log', {}, async farm => {
  await farm.host('vax')
  const release = join(farm.directory, 'release')
  const repository = farm.repository('sample')
  const good = repository.commit({ 'job.sh': `echo begin; while [ ! -e ${release} ]; do sleep 0.2; done; echo end` })
  const waiting = run(farm, [program, 'trigger', 'sample', good, '--wait'])
  await eventually('the job runs', async () => /^running vax/m.test(waiting.output()) || undefined)
  const log = run(farm, [program, 'log', '1', '-f'])
  await eventually('the log has begun', async () => log.output().includes('begin') || undefined)
  for (const words of [
    ['watch', '1'],
    ['log', '1', '-f'],
  ]) {
    const stopped = run(farm, [program, ...words])
    await eventually('the command follows', () => /^running|begin/m.test(stopped.output()) || undefined)
    stopped.interrupt()
    expect([words, await stopped.ended]).toEqual([words, 130])
  }
  writeFileSync(release, '')
  expect(await waiting.ended).toBe(0)
  expect(waiting.output()).toMatch(/\npassed vax \S+ after .* \(job 1\)\nBuild 1 passed: 1 passed\n$/)
  expect(await log.ended).toBe(0)
  expect(log.output()).toMatch(/begin\n[\s\S]*end\n/)

  const bad = repository.commit({ 'job.sh': 'exit 7' })
  const failing = run(farm, [program, 'trigger', 'sample', bad, '--wait', '--json'])
  expect(await failing.ended).toBe(1)
  const [last = ''] = failing.output().trim().split('\n').slice(-1)
  expect(JSON.parse(last)).toMatchObject({ buildId: 2, verdict: 'failed', failedStep: 'job' })
  if (!hasScript) return
  const inTerminal = run(farm, ['script', '-qec', `${program} watch 2`, '/dev/null'])
  expect(await inTerminal.ended).toBe(1)
  expect(inTerminal.output().replaceAll('\u001b', 'ESC')).toMatch(/^ESC\[2KESC\[1mBuild 2: [\s\S]*ESC\[31mfailed/)
})
