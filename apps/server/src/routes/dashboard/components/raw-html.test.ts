import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('only the grid, the matrix table and the log lines build their HTML from strings', () => {
  const directory = new URL('../../../', import.meta.url)
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  const withStrings = files
    .filter(file => /\.tsx?$/.test(file) && !/\.(test|fixture)\./.test(file))
    .filter(file => /[`'"]\s*<\/?[a-z]/.test(readFileSync(new URL(file, directory), 'utf8')))
  expect(withStrings.sort()).toEqual([
    'routes/dashboard/components/grid/grid-html.ts',
    'routes/dashboard/log/line-html.ts',
    'routes/dashboard/log/timeline.ts',
    'routes/dashboard/log/window.ts',
    'routes/dashboard/pages/matrix/table.ts',
  ])
})
