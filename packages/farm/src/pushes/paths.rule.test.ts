import { expect, test } from 'vitest'
import { hasPathRules, type PathRules, pathProblem } from './paths.rule.ts'

const small: PathRules = { paths: ['lib/small/**'] }
const code: PathRules = { pathsIgnore: ['docs/**', '**/*.md'] }
const both: PathRules = { paths: ['lib/**'], pathsIgnore: ['lib/docs'] }

test.each<[PathRules, string[] | undefined, string | undefined]>([
  [small, ['lib/small/a.c'], undefined],
  [small, ['README', 'lib/small/deep/b.c'], undefined],
  [small, ['lib/small.c', 'lib/smaller/a.c'], 'no changed file matches the paths lib/small/**'],
  [small, [], 'no changed file matches the paths lib/small/**'],
  [small, undefined, undefined],
  [{ paths: ['lib', 'Makefile'] }, ['lib/a.c'], undefined],
  [{ paths: ['lib/'] }, ['lib/.hidden/a'], undefined],
  [{ paths: ['lib', 'Makefile'] }, ['libs/a.c'], 'no changed file matches the paths lib, Makefile'],
  [code, ['docs/a', 'src/README.md'], 'all changed files match the paths-ignore docs/**, **/*.md'],
  [code, ['docs/a', 'src/a.c'], undefined],
  [code, ['README.md'], 'all changed files match the paths-ignore docs/**, **/*.md'],
  [both, ['lib/docs/a', 'x'], 'all changed files match the paths-ignore lib/docs'],
  [both, ['lib/docs/a', 'lib/b'], undefined],
  [both, ['docs/a'], 'no changed file matches the paths lib/**'],
  [{}, ['a'], undefined],
])('with the rules %j, a push of %j is ignored: %j', (rules, files, problem) => {
  expect(pathProblem(rules, files)).toBe(problem)
})

test('a project without path rules needs no list of changed files', () => {
  expect([{}, small, code].map(hasPathRules)).toEqual([false, true, true])
})
