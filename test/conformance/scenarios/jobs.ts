import assert from 'node:assert/strict'
import type { Scenario } from '../world.ts'

const oddValues = {
  ODD_BACKSLASH: '\\n \\\\ \\',
  ODD_BLANKS: '  two  blanks  ',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands this
  ODD_DOLLAR: '$HOME ${HOME} $(exit 7) `exit 7`',
  ODD_EMPTY: '',
  ODD_EQUALS: 'a=b==c=',
  ODD_PATTERN: '* ? [a-z] ~ # ; & | < >',
  ODD_PERCENT: '%s %d %%',
  ODD_QUOTES: `"double" 'single'`,
  ODD_UTF8: 'grüße',
}

/** Every byte value, including NUL. The last line has no newline. */
export const everyByte = Buffer.concat([
  Buffer.from(Array.from({ length: 256 * 200 }, (_, i) => i % 256)),
  Buffer.from('\r\n\0end'),
])

const environment = Object.entries(oddValues).map(([key, value]) => `${key}=${value}\n`)

/** Scenarios without failures of the network or the agent. */
export const jobScenarios: Scenario[] = [
  {
    name: 'a job fails at its failing step, its log has every byte, and its environment has odd values unchanged',
    core: true,
    project: {
      env: oddValues,
      steps: [
        {
          environment:
            "if [ -r /proc/$$/environ ]; then tr '\\0' '\\n' </proc/$$/environ; else env; fi | grep '^ODD_' | sort",
        },
        { bytes: 'cat every-byte.bin' },
        { tests: 'echo\necho last words >&2\n(exit 55)\necho not reached' },
        { never: 'echo not reached' },
      ],
    },
    act: async world => {
      const job = await world.job({ 'every-byte.bin': everyByte })
      const parts = [Buffer.from(environment.join('')), everyByte, Buffer.from('\nlast words\n')]
      const { steps } = await world.ends(job, { verdict: 'failed', failedStep: 'tests', log: Buffer.concat(parts) })
      const [first = 0, second = 0, third = 0] = parts.map(part => part.length)
      assert.deepEqual(
        steps.map(({ name, exit, logBytes }) => ({ name, exit, logBytes })),
        [
          { name: 'environment', exit: 0, logBytes: first },
          { name: 'bytes', exit: 0, logBytes: first + second },
          { name: 'tests', exit: 55, logBytes: first + second + third },
        ],
      )
    },
  },
  {
    name: 'the farm receives a line of 1.5 MB whole',
    core: true,
    act: async world => {
      const line = Buffer.concat([Buffer.alloc(1_500_000, 'x'), Buffer.from('\nend')])
      const job = await world.job({ 'job.sh': 'cat line.bin', 'line.bin': line })
      await world.ends(job, { verdict: 'passed', log: line })
    },
  },
  {
    name: 'a step that opens /dev/stderr again truncates no log, has the default signals, and may use FARM_JOBS processors',
    core: true,
    project: {
      steps: [
        {
          loud: 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i; done; echo warning >/dev/stderr; echo both | tee /dev/stderr',
        },
        {
          signals:
            "sh -c 'kill -INT $$; exit 7' || case $? in 130 | 258 | 386) echo killed ;; *) echo $? ;; esac; yes | head -n 1",
        },
        { processors: 'nproc 2>/dev/null | grep -vx "$FARM_JOBS" || echo as many' },
      ],
    },
    act: async world => {
      // If signal 2 killed a process, most shells report the exit code 130, ksh93 reports 258, and yash reports 386.
      const numbers = Array.from({ length: 2000 }, (_, i) => `${i + 1}\n`).join('')
      const log = `${numbers}warning\nboth\nboth\nkilled\ny\nas many\n`
      await world.ends(await world.job('echo not run'), { verdict: 'passed', log })
    },
  },
  {
    name: 'an agent that may use one processor gives its jobs FARM_JOBS=1',
    core: false, // a host may have no taskset
    act: async world => {
      await world.leave()
      await world.host.run('taskset -pc 0 1') // the agent inherits this from its parent
      await world.comesBack()
      await world.ends(await world.job('echo "$FARM_JOBS"'), { verdict: 'passed', log: '1\n' })
    },
  },
  {
    name: 'a host runs its jobs one after the other, each once and each in a clean directory',
    core: true,
    act: async world => {
      const script = (number: number) => `ls; echo job ${number}; : >left-${number}`
      for (const number of [1, 2, 3])
        await world.ends(await world.job(script(number)), { verdict: 'passed', log: `job.sh\njob ${number}\n` })
    },
  },
  {
    name: 'a cache moves from one job to the next, and a job that fails with a cache leaves none',
    core: true,
    project: { cache: ['obj/tools', '.store'], confirm: 0 }, // an attempt that confirms the failure would leave a cache
    act: async world => {
      world.host.configure(`${world.host.read('host.conf')}cache 100m\n`)
      await world.ends(await world.job('echo "the owner allows a cache"'), { verdict: 'passed', log: /a cache/ })
      const use = [
        'echo "[$FARM_CACHE]"; cat obj/tools/runs 2>/dev/null || :',
        "mkdir -p obj/tools .store; echo run >>obj/tools/runs; : >'.store/a b'; ls .store",
      ].join('\n')
      const had = '[obj/tools .store]\nrun\na b\n'
      await world.ends(await world.job(use), { verdict: 'passed', log: '[]\na b\n' })
      await world.ends(await world.job(`${use}\nexit 3`), { verdict: 'failed', failedStep: 'job', log: had })
      await world.ends(await world.job(`${use}\n: again`), { verdict: 'passed', log: '[]\na b\n' })
      await world.ends(await world.job(`${use}\n: more`), { verdict: 'passed', log: had })
    },
  },
]
