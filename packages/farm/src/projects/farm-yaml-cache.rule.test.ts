import { expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

const read = (cache: string) =>
  readFarmYaml(`projects: {p: {repository: /srv/p.git, steps: [{all: make}], cache: ${cache}}}`, {
    file: 'farm.yaml',
    directory: '/etc',
  })

test.each([
  ['[obj/tools, .ccache, a.b/c+d/e_f-g]', ['obj/tools', '.ccache', 'a.b/c+d/e_f-g']],
  ['[obj, objects, ob]', ['obj', 'objects', 'ob']],
  ['[]', undefined],
])('the cache %s gives %j', (written, cache) => {
  const reading = read(written)
  expect(reading.kind === 'ok' ? reading.projects[0]?.cache : reading).toEqual(cache)
})

test.each([
  ['[obj, obj/tools]', 'cache[1]: found "obj/tools", expected a path that is not inside obj'],
  ['[a/b, a]', 'cache[0]: found "a/b", expected a path that is not inside a'],
  ['[obj, obj]', 'cache[1]: found "obj", expected a path that is not inside obj'],
  ...['../x', 'a/../b', '.', './a', '/etc', 'a/', 'a//b', '-x', 'a/-x', 'a b', 'a*', 'ä', "''"].map(path => [
    `[${path}]`,
    'expected a path inside the project, such as obj/tools',
  ]),
  ['obj', 'expected a list of paths such as [obj/tools]'],
])('the farm rejects the cache %s', (written, problem) => {
  const reading = read(written)
  expect(reading.kind === 'mistakes' ? reading.mistakes.map(describeMistake).join() : reading).toContain(problem)
})
