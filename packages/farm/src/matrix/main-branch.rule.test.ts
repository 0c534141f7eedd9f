import type { ProjectConfig } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { mainBranch } from './main-branch.rule.ts'

const project = (branches: string[]) => ({ name: 'sample', branches }) as ProjectConfig

test.each<[string[], string[], string | null, string]>([
  [['main', 'master'], ['master'], null, 'master'],
  [['main', 'master'], ['master', 'main'], null, 'main'],
  [['main', 'master'], [], null, 'main'],
  [['feature/**', 'develop'], ['feature/a', 'develop'], null, 'develop'],
  [['**'], ['feature/a', 'main'], null, 'main'],
  [['**'], ['newest', 'older'], null, 'newest'],
  [['release/*'], ['release/2', 'release/1'], null, 'release/2'],
  [['release/*'], [], null, 'main'],
  [['**'], ['feature/a', 'main', 'develop'], 'develop', 'develop'],
  [['main', '**'], ['develop', 'main'], 'develop', 'main'],
  [['next', '**'], ['main', 'develop'], 'develop', 'develop'],
  [['**'], ['feature/a', 'main'], 'develop', 'feature/a'],
  [['release/*'], ['release/1', 'develop'], 'develop', 'release/1'],
  [['**'], [], 'develop', 'develop'],
  [['release/*'], [], 'develop', 'develop'],
])(
  'with the patterns %j and the built branches %j and the default branch %s, the main branch is %s',
  (branches, built, defaultBranch, main) => {
    expect(mainBranch(project(branches), built, defaultBranch)).toBe(main)
  },
)
