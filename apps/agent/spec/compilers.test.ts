import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import type { ScriptedFarm } from './support/farm.ts'
import type { Host } from './support/host.ts'

const script = (path: string, text: string) => {
  writeFileSync(`${path}.new`, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  renameSync(`${path}.new`, path)
}

/** A fake cross compiler and a runner. Only the runner can run the test program that the compiler builds. */
const tools = (host: Host) => {
  const [gcc, qemu] = [join(host.folder, 'arm-gcc'), join(host.folder, 'qemu-arm')]
  script(gcc, 'test "$1" != --version || { echo "arm-gcc 12.2.0"; exit; }\ncc "$@" && chmod a-x try')
  script(
    qemu,
    'test "$1" = -L || exit 9\ncp "$3" "$FARM_WORK/foreign"; chmod a+rx "$FARM_WORK/foreign"; exec "$FARM_WORK/foreign"',
  )
  return { gcc, qemu, conf: `arch arm cross\nenv arm CC=${gcc}\nrunner arm ${qemu} -L /usr/arm\n` }
}

const hello = (farm: ScriptedFarm) => String(farm.seen.filter(seen => seen.kind === 'hello').at(-1)?.body)
const said = (farm: ScriptedFarm, words: RegExp) => farm.until(`hello with ${words}`, () => words.test(hello(farm)))

agentTest(
  'the agent offers a cross arch if the runner can run the compiler’s programs, and sets FARM_RUN to the runner',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    const { qemu, conf } = tools(host)
    appendFileSync(join(host.dir, 'host.conf'), conf)
    await said(farm, /^arch arm cross arm-gcc 12.2.0$/m)
    expect(hello(farm)).toMatch(/^arch amd64 native .*cc/m)

    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands this
    const show = 'echo "${FARM_RUN-unset}"'
    const cross = farm.queue({
      arch: 'arm',
      steps: { show, run: 'printf "int main(void) { return 7; }" >a.c; cc -o a a.c; $FARM_RUN ./a' },
    })
    await farm.finished(cross)
    expect(cross.log.toString()).toBe(`${qemu} -L /usr/arm\n`)
    expect(cross.finishes[0]?.steps).toMatch(/^0:.*,7:/)
    expect(cross.finishes[0]?.compiler).toBe('arm-gcc 12.2.0')
    const native = farm.queue({ steps: { show } })
    await farm.finished(native)
    expect(native.log.toString()).toBe('\n')
    expect(native.finishes[0]?.compiler).toMatch(/cc/)
    host.configure(readFileSync(join(host.dir, 'host.conf'), 'utf8').replace(/^runner.*\n/m, ''))
    await said(farm, /^arch arm cross/m)
    await farm.until('a claim', () => farm.seen.at(-1)?.kind === 'claim')
    const without = farm.queue({ arch: 'arm', steps: { show } })
    await farm.finished(without)
    expect(without.log.toString()).toBe('unset\n')
  },
)

agentTest(
  'if a compiler or a runner does not work, the agent reports the error instead of the arch',
  async ({ farm, host, enrolled }) => {
    farm.poll = 1
    await enrolled()
    const conf = readFileSync(join(host.dir, 'host.conf'), 'utf8')
    const { gcc, qemu, conf: cross } = tools(host)
    script(gcc, 'echo "arm-gcc: no crt1.o" >&2; exit 1')
    host.configure(conf + cross)
    await said(farm, /^unable arm cross .*arm-gcc cannot build a program: arm-gcc: no crt1.o$/m)
    expect(hello(farm)).not.toMatch(/^arch arm/m)
    expect(hello(farm)).toMatch(/^arch amd64 native/m)
    await host.line(/rumpfarm: cannot build for arm: .*no crt1.o/)

    const refused = farm.queue({ arch: 'arm', steps: { one: 'echo one' } })
    await farm.finished(refused)
    expect(refused.finishes[0]).toMatchObject({ reason: 'broken', detail: expect.stringMatching(/no crt1.o$/) })

    tools(host)
    script(qemu, 'echo "qemu-arm: cannot open ld-linux" >&2; exit 255')
    host.configure(`${conf}${cross}# again\nenv arm AGAIN=1\n`)
    await said(
      farm,
      /^unable arm cross a program built by .*arm-gcc does not run with .*qemu-arm -L \/usr\/arm: qemu-arm: cannot open ld-linux$/m,
    )
  },
)

agentTest('if the runner no longer works, a job fails before its first step', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  const { qemu, conf } = tools(host)
  appendFileSync(join(host.dir, 'host.conf'), conf)
  await said(farm, /^arch arm cross/m)
  rmSync(qemu)
  const attempt = farm.queue({ arch: 'arm', steps: { one: 'echo one' } })
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({
    reason: 'broken',
    logsize: '0',
    detail: expect.stringMatching(/^the runner for arm does not work: .*qemu-arm: not found$/),
  })
})

agentTest('a host without a compiler still offers its native arch', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  const bare = join(host.folder, 'bare')
  await host.run(
    `mkdir ${bare}; for d in /usr/local/bin /usr/bin /bin; do ln -s $d/* ${bare} 2>/dev/null; done; rm -f ${bare}/cc`,
  )
  host.signal('TERM')
  await host.line(/^agent-1 exit 0/)
  await host.start(`-c 'PATH=${bare}; export PATH; exec ${host.shell} ${host.dir}/agent.sh run'`)
  await said(farm, /^arch amd64 native$/m)
  const attempt = farm.queue({ steps: { one: 'echo one' } })
  await farm.finished(attempt)
  expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  expect(attempt.finishes[0]?.compiler).toBeUndefined()
})

const hanging = (host: Host) => {
  const slow = join(host.folder, 'slow-gcc')
  script(slow, 'test "$1" != --version || { echo "slow-gcc 1"; exit; }\nsleep 4716')
  appendFileSync(join(host.dir, 'host.conf'), `arch arm cross\nenv arm CC=${slow}\n`)
  return host.run('until ps -e -o args= | grep -q "[s]leep 4716"; do sleep 0.1; done')
}

agentTest('the agent ends the test of a compiler after a minute', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  await hanging(host)
  // Ends the timer of the test, as if a minute had passed.
  await host.run("kill $(ps -e -o pid= -o args= | sed -n 's/^ *\\([0-9]*\\) sleep 60$/\\1/p')")
  await said(farm, /^unable arm cross its test did not end within a minute$/m)
  expect(await host.alive('sleep 4716')).toEqual([])
})

agentTest('an agent that receives TERM does not wait for the test of a compiler', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  await hanging(host)
  const asked = Date.now()
  host.signal('TERM')
  const exit = await host.line(/^agent-1 exit 0/)
  expect(exit.at - asked).toBeLessThan(40_000)
  expect(await host.alive('sleep 4716')).toEqual([])
})
