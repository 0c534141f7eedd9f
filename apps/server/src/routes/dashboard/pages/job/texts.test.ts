import { spawnSync } from 'node:child_process'
import type { AttemptView, JobView } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { reproduceScript } from './reproduce-script.ts'
import { lastGoodText, sentence } from './texts.ts'

const at = new Date('2024-05-06T07:08:09Z')
const before = (seconds: number) => new Date(at.getTime() - seconds * 1000)
const steps = ['configure', 'build', 'tests'].map(name => ({ name, run: `echo ${name}` }))

const jobOf = (changes: Partial<JobView> = {}): JobView =>
  ({
    id: 7,
    buildId: 12,
    host: 'vax',
    arch: 'amd64',
    variant: 'default',
    project: 'sample',
    branch: 'main',
    commit: 'a'.repeat(40),
    verdict: 'failed',
    recipe: { steps, env: {} },
    kind: 'branch',
    preparedSources: [],
    lastGood: null,
    ...changes,
  }) as unknown as JobView

const attemptOf = (changes: Partial<AttemptView>): AttemptView =>
  ({
    state: 'finished',
    verdict: null,
    failedStep: null,
    steps: [],
    queuedAt: before(300),
    startedAt: before(200),
    finishedAt: before(69),
    ...changes,
  }) as unknown as AttemptView

test.each<[Partial<AttemptView>, string]>([
  [{ verdict: 'passed' }, 'Passed after 2 min 11 s on vax for amd64'],
  [{ verdict: 'failed', failedStep: 'build' }, 'Failed at build after 2 min 11 s on vax for amd64'],
  [{ verdict: 'timed-out', failedStep: 'tests' }, 'Timed out at tests after 2 min 11 s on vax for amd64'],
  [
    { verdict: 'passed', steps: [{ name: 'configure', exit: 0, milliseconds: 61_000, logBytes: 0 }] },
    'Passed after 1 min 01 s on vax for amd64', // the host measured this time, and the server received the result later
  ],
  [
    { verdict: 'lost', steps: [{ name: 'configure', exit: 0, milliseconds: 61_000, logBytes: 0 }] },
    'Lost after 2 min 11 s on vax for amd64',
  ],
  [{ verdict: 'cancelled', startedAt: null }, 'Cancelled on vax for amd64'],
  [{ state: 'queued', startedAt: null }, 'Queued for 5 min, on vax for amd64'],
  [{ state: 'waiting', startedAt: null }, 'Waiting for sources, on vax for amd64'],
  [{ state: 'leased', startedAt: null }, 'Starting on vax for amd64'],
  [{ state: 'running' }, 'Running configure for 3 min, on vax for amd64'],
  [
    { state: 'running', steps: [{ name: 'configure', exit: 0, milliseconds: 170_000, logBytes: 0 }] },
    'Running build for 30 s, on vax for amd64',
  ],
])('the heading for %j is: %s', (changes, words) => expect(sentence(jobOf(), attemptOf(changes), at)).toBe(words))

test('the heading of a job page contains the variant', () => {
  expect(sentence(jobOf({ variant: 'static' }), attemptOf({ verdict: 'passed' }), at)).toContain('for amd64, static')
})

const good = (buildId: number) => ({ buildId, jobId: null, commit: 'b'.repeat(40), at: before(900) })
test.each<[Partial<JobView>, string | undefined]>([
  [{ lastGood: null }, undefined],
  [{ lastGood: good(9) }, 'Last passed at'],
  [{ lastGood: good(15) }, 'Passing again since'],
  [{ lastGood: good(9), verdict: 'passed' }, undefined],
])('the text before the last good commit of %j is: %s', (changes, words) =>
  expect(lastGoodText(jobOf(changes))).toBe(words),
)

test('the script that reproduces a job is valid shell, even if names contain quotes, spaces and $', () => {
  const source = {
    name: 'sample',
    repository: "https://git.example.org/it's; rm -rf $HOME",
    commit: 'a'.repeat(40),
    path: 'sub dir',
    leaveOut: ["a'b"],
    bytes: 1,
    crc: '1',
    sha256: '',
    md5: '',
  }
  const env = { CFLAGS: '-O2 $(touch /nowhere)' }
  const recipe = { ...jobOf().recipe, env }
  const script = reproduceScript(jobOf({ preparedSources: [source], recipe }))
  expect(script).toContain(`export CFLAGS='-O2 $(touch /nowhere)'`)
  expect(script).toContain(`git clone --bare 'https://git.example.org/it'\\''s; rm -rf $HOME' sample.git`)
  for (const key of ['FARM_BRANCH=main', "FARM_RUN=''", 'FARM_JOB=7', 'FARM_BUILD=12', 'FARM_ARCH=amd64'])
    expect(script).toContain(`export ${key}\n`)
  expect(script).toContain(`archive '${'a'.repeat(40)}:sub dir'`)
  expect(spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
})
