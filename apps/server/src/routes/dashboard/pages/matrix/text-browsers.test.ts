import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Box, type Glance, type Look, looks } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { renderMatrixBody, renderMatrixPage } from './page.tsx'

const at = new Date('2024-05-06T07:08:09Z')
const hoursAgo = (hours: number) => new Date(at.getTime() - hours * 3_600_000)

const box = (look: Look, step: string | null = null, count = 1, of = 1, hours = 2): Box => ({
  look,
  step,
  timedOut: false,
  sinceMs: hoursAgo(hours).getTime(),
  activity: null,
  count,
  of,
})

const host = (name: string, os: string, release: string, presence: 'online' | 'silent' = 'online') => ({
  name,
  os,
  release,
  presence,
  lastSeenAt: hoursAgo(presence === 'silent' ? 72 : 0),
  refusal: null,
})

const since = { buildId: 12, jobId: null, commit: 'd'.repeat(40), at: hoursAgo(2) }
const newFailure = {
  project: 'base',
  branch: 'main',
  host: 'zen',
  arch: 'ppc64',
  variant: 'default',
  ...box('new', 'build'),
  jobId: 41,
  fingerprint: null,
  since,
  lastGood: since,
  active: null,
}

const glance: Glance = {
  at,
  projects: ['base'],
  branches: [{ project: 'base', shown: 'main', built: ['main'] }],
  columns: [
    { arch: 'amd64', family: 0 },
    { arch: 'ppc64', family: 3 },
    { arch: 'vax', family: 6 },
  ],
  groups: [
    {
      os: 'NetBSD',
      rows: [
        {
          host: host('zen', 'NetBSD', '10.1'),
          boxes: [box('passed', null, 6, 6), box('new', 'build', 3, 6), box('never-ran')],
        },
        { host: host('jornada', 'NetBSD', '9.4', 'silent'), boxes: [null, box('lost'), box('flaky')] },
      ],
    },
    {
      os: 'Linux',
      rows: [
        { host: host('trixie', 'Linux', '6.12'), boxes: [box('failing', 'tests', 1, 4, 72), null, box('queued')] },
      ],
    },
  ],
  choices: { projects: ['base'], variants: ['default'], os: ['NetBSD', 'Linux'], arches: ['amd64', 'ppc64', 'vax'] },
  empty: { hosts: [], arches: [] },
  counts: { ...(Object.fromEntries(looks.map(look => [look, 0])) as Record<Look, number>), new: 1, passed: 1 },
  changes: { new: 1, unconfirmed: 0, fixed: 0, still: 1 },
  news: {
    failing: [
      {
        project: 'base',
        branch: 'main',
        kind: 'new',
        step: 'build',
        timedOut: false,
        fingerprint: null,
        since,
        lastGood: since,
        hosts: ['zen'],
        of: 3,
        before: 0,
        cells: [newFailure],
        commits: 1,
        author: 'Ruth Okafor',
        subject: 'align sysent',
        message: 'a.c:1: error: no such member',
        reached: 3,
      },
    ],
    fixed: [],
    still: [],
    silent: [{ host: 'jornada', since: hoursAgo(72) }],
    longestWait: null,
  },
}

const visit = { at, admin: false, csrf: undefined, path: '/', publicPath: '', configErrors: [] }

function dumped(program: string, ...options: string[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'text-browser-'))
  try {
    const file = join(directory, 'page.html')
    writeFileSync(file, renderMatrixPage(visit, renderMatrixBody({ publicPath: '', glance, view: {} })))
    const environment = { ...process.env, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', HOME: directory }
    const text = execFileSync(program, [...options, file], { encoding: 'utf8', env: environment })
    return text
      .split('\n')
      .map(line => line.trimEnd())
      .join('\n')
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const isInstalled = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

test.runIf(isInstalled('lynx'))('lynx shows the matrix with the arch in each box', async () => {
  const text = dumped('lynx', '-dump', '-nolist', '-width=110', '-assume_charset=utf-8', '-display_charset=utf-8')
  await expect(text).toMatchFileSnapshot('golden/matrix.lynx.txt')
  for (const words of ['ppc64: newly failed at build 3/6', 'vax: never ran', 'amd64: failed for 3 d at tests 1/4'])
    expect(text.replace(/\s+/g, ' ')).toContain(words)
})

test.runIf(isInstalled('w3m'))('w3m shows the matrix with the arch in each box', async () => {
  const text = dumped('w3m', '-dump', '-cols', '130', '-I', 'UTF-8', '-O', 'UTF-8', '-T', 'text/html')
  await expect(text).toMatchFileSnapshot('golden/matrix.w3m.txt')
  expect(text).toContain('ppc64: newly failed at build 3/6')
})
