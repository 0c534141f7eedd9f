import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'
import { tarball } from './support/tarball.ts'

agentTest(
  'a job runs its steps, sends its log and its result, and leaves no files',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ steps: { configure: 'cat readme.txt', build: 'echo built; echo more >&2' } })
    await farm.finished(attempt)

    expect(attempt.log.toString()).toBe('a source\nbuilt\nmore\n')
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit', logsize: '20' })
    expect(attempt.finishes[0]?.steps).toMatch(/^0:[0-9]+:9,0:[0-9]+:20$/)
    await host.line(/^rumpfarm: attempt 1.1: exit, passed$/)
    await host.removed('slot-1', '1')
    expect(host.files('work')).toEqual([])
  },
)

agentTest('a failed step ends the job, and the agent sends the exit code of this step', async ({ farm, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ steps: { one: 'echo one', two: 'false\necho not reached', three: 'echo three' } })
  const second = farm.queue({ steps: { one: 'exit 55' } })
  await farm.finished(second)

  expect(attempt.log.toString()).toBe('one\n')
  expect(attempt.finishes[0]?.steps).toMatch(/^0:[0-9]+:4,1:[0-9]+:4$/)
  expect(second.finishes[0]?.steps).toMatch(/^55:[0-9]+:0$/)
})

const oddText = [
  "printf '%s\\n' '  leading blanks'",
  '',
  "printf '%s\\n' 'back\\\\slash \\t stays' '%d %s %'",
  '  : "$(echo nothing)" `echo nothing` # trailing blanks   ',
  '\tprintf "%s\\n" "| a bar" "grüße"',
  '',
  '',
  'cat "$0"',
].join('\n')

agentTest(
  'a step arrives byte for byte, with blanks, backslashes, percents and empty lines',
  async ({ farm, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ steps: { odd: oddText } })
    await farm.finished(attempt)

    const printed = '  leading blanks\nback\\\\slash \\t stays\n%d %s %\n| a bar\ngrüße\n'
    expect(attempt.log.bytes.toString('utf8')).toBe(`${printed}${oddText}\n`)
  },
)

const oddValues = {
  SPACES: '  two  spaces  ',
  QUOTES: `"double" 'single' \`back\``,
  EQUALS: 'a=b==c=',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands this
  DOLLAR: '$HOME ${HOME} $(touch /tmp/never) \\n \\',
  STAR: '* ? [a-z] ~ & ; | < >',
  EMPTY: '',
  UTF: 'grüße',
  UID: '12345',
  IFS: 'xyz',
}

agentTest('a job gets its environment with exact values and without invalid names', async ({ farm, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({
    env: { ...oddValues, 'NO-KEY': 'x', '9KEY': 'x', 'A B': 'x', 'X;touch /tmp/never': 'x' },
    steps: { env: "cat /proc/$$/environ | tr '\\0' '\\n'; ls /tmp/never || :" },
  })
  await farm.finished(attempt)

  const lines = attempt.log.bytes.toString('utf8').split('\n')
  for (const [key, value] of Object.entries(oddValues)) expect(lines).toContain(`${key}=${value}`)
  expect(lines.filter(line => /^(NO-KEY|9KEY|A B|X;)/.test(line))).toEqual([])
  expect(lines.join()).toMatch(/never.*No such file/)
})

agentTest(
  'for its arch only, a line `env ARCH` in host.conf overrides the environment from the farm',
  async ({ farm, host, enrolled }) => {
    await enrolled()
    appendFileSync(
      join(host.dir, 'host.conf'),
      'arch arm cross\nenv arm CC=arm-gcc -O "x"\nenv arm FARM_JOBS=9\nenv amd64 CC=cc\n',
    )
    const show = 'echo "$CC|$FARM_JOBS|$FARM_WORK|$(pwd)"'
    const cross = farm.queue({ arch: 'arm', env: { CC: 'farm-cc', FARM_JOBS: '1' }, steps: { show } })
    const native = farm.queue({ env: { CC: 'farm-cc' }, steps: { show } })
    await farm.finished(native)

    const work = (id: string) => join(host.dir, 'work', `attempt-${id}`)
    expect(cross.log.toString()).toBe(`arm-gcc -O "x"|9|${work(cross.id)}|${work(cross.id)}/src\n`)
    expect(native.log.toString()).toMatch(
      new RegExp(`^cc\\|[1-9][0-9]*\\|${work(native.id)}\\|${work(native.id)}/src\n$`),
    )
  },
)

agentTest('the agent sends a change of host.conf to the farm', async ({ farm, host, enrolled }) => {
  farm.poll = 1
  await enrolled()
  appendFileSync(join(host.dir, 'host.conf'), 'arch arm cross\nenv arm CC=cc\n')
  await farm.until('a second hello', () => farm.count('hello') > 1)

  const told = farm.seen.filter(seen => seen.kind === 'hello').map(seen => seen.body.toString())
  expect(told[0]).toMatch(/^arch amd64 native .*cc/m)
  expect(told[0]).not.toMatch(/^arch arm/m)
  expect(told[1]).toMatch(/^arch arm cross .*cc/m)
})

agentTest('a step has an empty standard input, default signals and a usual umask', async ({ farm, enrolled }) => {
  await enrolled()
  const steps = { show: 'cat; grep SigIgn /proc/self/status; umask; env | sed -n "s/^\\(RUMPFARM_.*\\)=.*/\\1/p"' }
  const attempt = farm.queue({ steps })
  await farm.finished(attempt)

  // A job may start another agent, which must not use the directory of this agent. So the job gets only the mark.
  expect(attempt.log.toString()).toMatch(/^SigIgn:\t0+\n0022\nRUMPFARM_MARK\n$/)
})

agentTest(
  'the agent unpacks each source into its own directory, and runs the steps in the directory that the recipe names',
  async ({ farm, enrolled }) => {
    await enrolled()
    const sources = { hello: { 'a.txt': 'A\n' }, other: { 'deep/b.txt': 'B\n' } }
    const attempt = farm.queue({ sources, dir: 'other/deep', steps: { show: 'cat b.txt ../../hello/a.txt' } })
    await farm.finished(attempt)

    expect(attempt.log.toString()).toBe('B\nA\n')
  },
)

agentTest('no source file has a time in the future, even if its commit has one', async ({ farm, enrolled }) => {
  await enrolled()
  const visible = { configure: 'x\n', 'deep/er/file.c': 'x\n' }
  const hidden = { '.config/one': 'x\n', '.profile': 'x\n' }
  const look = ': >../now; find . -newer ../now; find . -type f | wc -l | tr -d " "'
  for (const [files, seconds] of [
    [visible, 4_000_000_000],
    [hidden, 4_000_000_000],
    [visible, 1_700_000_000],
  ] as const) {
    const attempt = farm.queue({ archives: [tarball(files, seconds)], steps: { look } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toBe('2\n')
  }
})

agentTest(
  'the agent repeats a wrong download, and the job is broken after three wrong downloads',
  async ({ farm, enrolled }) => {
    await enrolled()
    const attempt = farm.queue({ steps: { show: 'cat readme.txt' } })
    const right = attempt.tarballs[0] as Buffer
    const wrong = Buffer.from(right)
    wrong.writeUInt8(wrong.readUInt8(20) ^ 1, 20)
    farm.onSource = (_, times) => (times === 1 ? wrong : times === 2 ? right.subarray(0, 50) : right)
    await farm.finished(attempt)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })

    farm.onSource = () => wrong
    const broken = farm.queue({ steps: { show: 'cat readme.txt' } })
    await farm.finished(broken)
    expect(broken.finishes[0]).toMatchObject({ reason: 'broken', logsize: '0' })
    expect(broken.finishes[0]?.detail).toMatch(/three downloads of source src were wrong: its checksum is/)
  },
)

agentTest('heartbeats continue during a slow download', async ({ farm, enrolled }) => {
  farm.next = 300
  await enrolled()
  const attempt = farm.queue({ steps: { show: 'cat readme.txt' } })
  const release = farm.holdSource()
  await farm.until('three heartbeats', () => attempt.calls.length >= 3)
  expect(attempt.calls.every(call => call.step === 0)).toBe(true)
  release()
  await farm.finished(attempt)
  expect(attempt.log.toString()).toBe('a source\n')
})

agentTest('if the archive is invalid or the directory is missing, the job is broken', async ({ farm, enrolled }) => {
  await enrolled()
  const noArchive = farm.queue({ archives: [Buffer.from('this is no archive')], steps: { show: 'true' } })
  await farm.finished(noArchive)
  const noFolder = farm.queue({ dir: 'src/none', steps: { show: 'true' } })
  await farm.finished(noFolder)

  expect(noArchive.finishes[0]).toMatchObject({ reason: 'broken' })
  expect(noArchive.finishes[0]?.detail).toMatch(/cannot unpack source src/)
  expect(noFolder.finishes[0]).toMatchObject({
    reason: 'broken',
    detail: 'the directory src/none is not in the sources',
  })
})

agentTest('a step fails at once if an earlier step has removed the source directory', async ({ farm, enrolled }) => {
  await enrolled()
  const attempt = farm.queue({ grace: 20, steps: { remove: 'rm -rf "$FARM_WORK/src"', next: 'echo never' } })
  await farm.finished(attempt, 10_000)
  expect(attempt.finishes[0]?.steps).toMatch(/^0:[0-9]+:0,126:[0-9]+:[0-9]+$/)
  expect(attempt.log.toString()).toMatch(/src/)
})

agentTest('the agent sends the end of a step while the next step runs', async ({ farm, host, enrolled }) => {
  farm.next = 60_000
  await enrolled()
  const go = join(host.folder, 'go')
  const attempt = farm.queue({ steps: { first: 'echo first', second: `until [ -e ${go} ]; do sleep 0.05; done` } })
  await farm.until('the first step', () => attempt.steps !== '' && attempt.step === 2)
  expect(attempt.log.toString()).toBe('first\n')
  writeFileSync(go, '')
  await farm.finished(attempt)
})

/**
 * Makes a directory for PATH. Its `env` has no --default-signal, as in busybox and older GNU. The programs in `missing`
 * cannot run.
 */
const oldEnv = (...missing: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), 'rumpfarm-old-env-'))
  const script = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  script('env', 'case $1 in --default-signal*) exit 125 ;; esac\nexec /usr/bin/env "$@"')
  for (const name of missing) script(name, 'exit 127')
  return folder
}

const resets: [string, string[]][] = [
  ['perl', []],
  ['python', ['perl']],
]
for (const [means, missing] of resets) {
  const folder = oldEnv(...missing)
  afterAll(() => rmSync(folder, { recursive: true }))
  agentTest(
    `if only ${means} can reset signals on a host, a step still starts with the default actions of all signals`,
    async ({ farm, enrolled }) => {
      await enrolled()
      const pipe = farm.queue({ steps: { pipe: 'yes | head -n 1', int: "sh -c 'kill -INT $$; exit 7'" } })
      await farm.finished(pipe)
      expect(pipe.log.toString()).toBe('y\n')
      expect(pipe.finishes[0]?.steps).toMatch(/^0:[0-9]+:2,130:/)
      const quit = farm.queue({ steps: { quit: "sh -c 'kill -QUIT $$; exit 7'" } })
      await farm.finished(quit)
      expect(quit.finishes[0]?.steps).toMatch(/^131:/)
    },
    { env: { PATH: `${folder}:${process.env.PATH}` } },
  )
}
