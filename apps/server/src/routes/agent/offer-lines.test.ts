import type { BuildKind } from '@rumpfarm/contracts'
import type { Offer } from '@rumpfarm/farm'
import { expect, test } from 'vitest'
import { offerLines } from './offer-lines.ts'

const offer = (kind: BuildKind, branch: string | null): Offer => ({
  attempt: '1.1',
  jobId: 1,
  buildId: 1,
  lease: 'lease',
  project: 'sample',
  commit: 'a'.repeat(40),
  branch,
  tag: null,
  pullRequest: null,
  kind,
  fork: false,
  arch: 'amd64',
  variant: 'default',
  recipe: {
    steps: [],
    env: {},
    limits: {
      wallSeconds: 1,
      silenceSeconds: 1,
      graceSeconds: 1,
      logBytes: 1,
      lostAfterSeconds: 1,
      attempts: 1,
      artifactBytes: 1,
    },
    artifacts: [],
  } as unknown as Offer['recipe'],
  uploads: [],
  uploadsMax: 0,
  cache: [],
  sources: [],
})

test.each<[BuildKind, string | null, string | undefined, string]>([
  ['branch', 'main', 'main', 'FARM_BRANCH=main'],
  ['branch', null, undefined, 'FARM_BRANCH='],
  ['try', null, ':try', 'FARM_BRANCH='],
])('the rules of the owner see a %s of %s as %s, and the steps see %s', (kind, branch, named, variable) => {
  const lines = offerLines(offer(kind, branch), 'http://farm.example')
  expect(lines.find(([key]) => key === 'branch')?.[1]).toBe(named)
  expect(lines).toContainEqual(['env', variable])
})
