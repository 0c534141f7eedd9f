import type { ProjectConfig } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { mainBranch } from './main-branch.rule.ts'

const project = (branches: string[]) => ({ name: 'sample', branches }) as ProjectConfig

test.each([
  [['main', 'master'], ['master'], 'master'],
  [['main', 'master'], ['master', 'main'], 'main'],
  [['main', 'master'], [], 'main'],
  [['feature/**', 'develop'], ['feature/a', 'develop'], 'develop'],
  [['**'], ['feature/a', 'main'], 'main'],
  [['**'], ['newest', 'older'], 'newest'],
  [['release/*'], ['release/2', 'release/1'], 'release/2'],
  [['release/*'], [], 'main'],
])('with the patterns %j and the built branches %j, the main branch is %s', (branches, built, main) => {
  expect(mainBranch(project(branches), built)).toBe(main)
})
