import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { TestJob } from '../../support/jobs.ts'
import type { Scenario } from '../world.ts'
import { everyByte } from './jobs.ts'

/** Scenarios about the artifacts of jobs. */
export const artifactScenarios: Scenario[] = [
  {
    name: 'the farm keeps the artifacts of a failed job, including odd bytes, odd names and an empty file',
    core: true,
    project: { artifacts: ['dist', 'report.txt'] },
    act: async world => {
      const script = 'mkdir dist; cat every-byte.bin >dist/every+byte.bin; : >dist/empty; echo r >report.txt; exit 3'
      const job = await world.job({ 'job.sh': script, 'every-byte.bin': everyByte })
      const { attempts } = await world.ends(job, { verdict: 'failed', failedStep: 'job', log: '' })
      const kept = attempts[0]?.artifacts.map(({ name, bytes }) => `${name} ${bytes}`)
      assert.deepEqual(kept, ['dist/empty 0', `dist/every+byte.bin ${everyByte.length}`, 'report.txt 2'])
      await holds(job, 'dist/every+byte.bin', everyByte)
    },
  },
  {
    name: 'the farm lists a file that is too large without reading it, and the agent removes a read-only work directory',
    core: true,
    project: { artifacts: ['huge', 'large', 'small'], limits: { artifacts: '1 MB' } },
    act: async world => {
      const script = [
        'dd if=/dev/null of=huge bs=1 seek=20000000000 2>/dev/null || : >huge',
        'dd if=/dev/null of=large bs=1 seek=900000000 2>/dev/null',
        'echo small >small; mkdir -p go/mod; echo x >go/mod/file; chmod -R a-w go',
      ].join('\n')
      const job = await world.job(script)
      const { attempts } = await world.ends(job, { verdict: 'passed', log: '' })
      assert.deepEqual(
        attempts[0]?.artifacts.map(({ name }) => name),
        attempts[0]?.artifactNote?.includes('huge') ? ['small'] : ['huge', 'small'],
      )
      assert.match(attempts[0]?.artifactNote ?? '', /^large: it has 900000000 bytes; limits.artifacts is 1000000$/m)
      await world.works()
    },
  },
  {
    name: 'an artifact upload resumes at its offset after lost answers, after the farm was away and after its agent was killed',
    core: true,
    project: { artifacts: ['noise.bin'] },
    act: async world => {
      const noise = randomBytes(1_500_000)
      world.wire.spoil('artifact', 'lost-answer')
      world.wire.spoil('artifact', 'cut-answer')
      const job = await world.job({ 'job.sh': 'echo kept', 'noise.bin': noise })
      await world.carries('artifact', /^ok size [1-9]/)
      await world.wire.away()
      await world.host.kill9()
      const sent = world.wire.crossings.length
      await world.host.start()
      await world.wire.back()
      await world.ends(job, { verdict: 'passed', log: 'kept\n' })
      await holds(job, 'noise.bin', noise)
      const again = world.wire.crossings.slice(sent).filter(({ kind }) => kind === 'artifact')
      assert.deepEqual(
        again.filter(({ path }) => /&offset=0&len=[1-9]/.test(path)),
        [],
        'the artifact was sent from its beginning again',
      )
    },
  },
]

const holds = async (job: TestJob, name: string, bytes: Buffer): Promise<void> =>
  assert.ok((await job.artifact(name)).equals(bytes), `${name} is not what the job left`)
