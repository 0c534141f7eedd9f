import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

test('only the grid, the matrix table, the log lines, the results of commits and tests, the feeds and the texts to copy build HTML from strings', () => {
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
    'routes/dashboard/pages/commits/results-html.ts',
    'routes/dashboard/pages/matrix/table.ts',
    'routes/dashboard/pages/project/badge-and-feeds.tsx',
    'routes/dashboard/pages/test-history/results-html.ts',
    'routes/feeds/feed-entries.ts',
    'routes/feeds/matrix-picture.ts',
  ])
})
