import { endedAfter, type Scenario } from '../world.ts'

/** A process that ignores TERM, and starts other processes that also ignore TERM. */
const deaf = "trap '' TERM\nwhile :; do sleep 4711; done\n"

const family = [
  'sh ./deaf.sh &',
  '(sh ./deaf.sh & sh ./deaf.sh) &',
  'if command -v setsid >/dev/null 2>&1; then setsid sh ./deaf.sh & fi',
  "trap 'echo told; exit 1' TERM",
  'echo up',
  'while :; do wait; done',
].join('\n')

const block = Buffer.from(Array.from({ length: 100 }, (_, i) => `${'-'.repeat(40)} line ${i}\n`).join(''))

/** Scenarios about reasons that end a job early. */
export const endingScenarios: Scenario[] = [
  {
    name: 'the agent ends a cancelled job, and kills its grandchildren and daemons that ignore TERM',
    core: true,
    act: async world => {
      const job = await world.job({ 'job.sh': family, 'deaf.sh': deaf })
      await world.logged(job, 'up\n')
      // Counts the shells, because ksh93 sleeps without a child process.
      const deafOnes = () => world.host.processes('./deaf.sh')
      await world.eventually('three that are deaf', async () => (await deafOnes()).length >= 3 || undefined)
      await job.cancel()
      await world.ends(job, { verdict: 'cancelled', reason: 'cancelled', log: 'up\ntold\n' })
      await world.none('./deaf.sh')
      await world.none('sleep 4711')
      await world.works()
    },
  },
  {
    name: 'the agent ends a job at its time limit while the farm does not answer',
    core: true,
    project: { limits: { wall: '6s' } },
    act: async world => {
      const job = await world.job('echo up; sleep 4712')
      await world.logged(job, 'up\n')
      world.wire.silence()
      await world.host.hears(/ending the job: wall-limit/)
      await world.none('sleep 4712')
      world.wire.endSilence()
      await world.ends(job, { verdict: 'timed-out', reason: 'wall-limit', failedStep: 'job', log: endedAfter('up\n') })
      await world.works()
    },
  },
  {
    name: 'the agent ends a job that prints nothing, and lets a job continue that prints slowly',
    core: true,
    project: { limits: { silence: '5s' } },
    act: async world => {
      const job = await world.job('for i in 1 2 3 4 5 6 7; do echo line $i; sleep 1; done; sleep 4713')
      const log = [1, 2, 3, 4, 5, 6, 7].map(i => `line ${i}\n`).join('')
      await world.ends(job, { verdict: 'timed-out', reason: 'silence-limit', failedStep: 'job', log: endedAfter(log) })
      await world.none('sleep 4713')
    },
  },
  {
    name: 'the agent ends a job whose log exceeds its limit, and the farm keeps the log exactly up to the limit',
    core: true,
    project: { limits: { log: '10 kB' } },
    act: async world => {
      const job = await world.job({ 'job.sh': 'cat block.txt block.txt block.txt; sleep 4714', 'block.txt': block })
      const log = Buffer.concat([block, block, block]).subarray(0, 10_000)
      await world.ends(job, { verdict: 'failed', reason: 'log-limit', failedStep: 'job', log })
      await world.none('sleep 4714')
      await world.works()
    },
  },
  {
    name: 'the agent ends a process that left the job’s group and environment, or lists it in the log as left running',
    core: false, // a host may have no setsid
    act: async world => {
      const job = await world.job('setsid env -i sleep 4742 & echo left')
      await world.ends(job, { verdict: 'passed', log: /^left\n(left running: pid [0-9]+ sleep 4742\n)?$/ })
      const [, left] = /pid ([0-9]+)/.exec((await job.log()).toString()) ?? []
      if (left) await world.host.run(`kill ${left}`)
      await world.none('sleep 4742')
      await world.works()
    },
  },
  {
    name: 'a job that another process kills is lost, and the next job runs',
    core: true,
    act: async world => {
      const job = await world.job('echo up; sleep 4715')
      await world.logged(job, 'up\n')
      await world.host.killJob()
      await world.ends(job, { verdict: 'lost', reason: 'vanished', failedStep: 'job', log: endedAfter('up\n') })
      await world.none('sleep 4715')
      await world.works()
    },
  },
]
