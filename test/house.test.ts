// Compares the imports with the table of ARCHITECTURE.md.
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importCircles } from './support/import-circles.ts'
import { importsOf, isTest, readSource, type SourceFile, sourceFiles } from './support/sources.ts'

const code = sourceFiles(/\.(ts|tsx|mjs)$/)
const shipped = code.filter(file => !isTest(file))

interface Part {
  /** The name of the part in the table. */
  name: string
  /** The pattern of the paths of its files. */
  place: RegExp
  /** The packages of the farm that the part may import, in the words of the table. */
  ours: string
  /** The pattern of the imports that the part may have besides its own files. */
  may: RegExp
}

const parts: Part[] = [
  { name: 'contracts', place: /^packages\/contracts\/src\//, ours: 'nothing of ours', may: /^typebox(\/|$)/ },
  {
    name: '*.rule.ts',
    place: /^packages\/farm\/src\/.*\.rule\.ts$/,
    ours: 'contracts, other rules',
    may: /^(@rumpfarm\/contracts|typebox(\/\w+)?|yaml|picomatch|re2js|cron-parser|node:path|node:crypto)$/, // none of these does I/O
  },
  {
    name: 'farm',
    place: /^packages\/farm\/src\//,
    ours: 'contracts, storage, Prisma (through db/)',
    may: /^(@rumpfarm\/(contracts|storage)|@prisma\/.*|pg|pg-copy-streams|typebox(\/\w+)?|yaml|picomatch|re2js|cron-parser|sax|tap-parser|node:.*)$/,
  },
  {
    name: 'storage',
    place: /^packages\/storage\/src\//,
    ours: 'contracts',
    may: /^(@rumpfarm\/contracts|@aws-sdk\/client-s3|@smithy\/node-http-handler|lru-cache|node:.*)$/,
  },
  {
    name: 'connectors',
    place: /^packages\/connectors\/src\//,
    ours: 'contracts',
    may: /^(@rumpfarm\/contracts|typebox(\/\w+)?|standardwebhooks|nodemailer|irc-framework|ipaddr\.js|node:.*)$/,
  },
  {
    name: 'local-postgres',
    place: /^packages\/local-postgres\/src\//,
    ours: 'child-process',
    may: /^(@rumpfarm\/child-process|node:.*)$/,
  },
  {
    name: 'client',
    place: /^packages\/client\/src\//,
    ours: 'nothing of ours',
    may: /^(openapi-fetch|node:.*)$/,
  },
  { name: 'child-process', place: /^packages\/child-process\/src\//, ours: 'nothing of ours', may: /^node:.*$/ },
  {
    name: 'apps/server',
    place: /^apps\/server\/src\//,
    ours: 'all of them, through their index.ts only',
    may: /^(@rumpfarm\/(contracts|farm|storage|connectors|local-postgres|child-process|client)|(?!@rumpfarm\/|@prisma\/).*)$/,
  },
  {
    name: 'apps/cli',
    place: /^apps\/cli\/src\//,
    ours: "client, farm's rules of farm.yaml",
    may: /^(@rumpfarm\/(client|farm\/farm-yaml)|node:.*)$/,
  },
  { name: 'apps/agent', place: /^apps\/agent\/lib\//, ours: 'nothing: it knows only the protocol page', may: /^$/ },
]

/** Returns the text `file imports name` for each import that is not allowed. */
const offences = (files: readonly SourceFile[], allowed: (name: string, file: SourceFile) => boolean): string[] =>
  files.flatMap(file => importsOf(file).flatMap(name => (allowed(name, file) ? [] : [`${file.path} imports ${name}`])))

const isFile = (name: string) => /^(packages|apps|test|prisma)\//.test(name) || name.startsWith('..')

test('the table of imports in ARCHITECTURE.md equals the table of this test', () => {
  const { text } = readSource('ARCHITECTURE.md')
  const rows = [...text.matchAll(/^\| `?([a-z/*.-]+)`? \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, name, ours]) => [
    name,
    ours,
  ])
  expect(rows).toEqual(parts.map(({ name, ours }) => [name, ours]))
})

test.each(['ARCHITECTURE.md', 'CONTRIBUTING.md'])('every file and every function that %s names exists', page => {
  const { text } = readSource(page)
  const named = [...text.matchAll(/`(?:([\w.]+)` \(`)?([\w./-]+\.(?:tsx?|css|sh|prisma|md))`/g)]
  const all = sourceFiles(/\.(tsx?|css|sh|prisma|md)$/)
  const missing = named.flatMap(([, name, path = '']) => {
    const files = all.filter(file => `/${file.path}`.endsWith(`/${path}`))
    const word = name?.split('.').at(-1) ?? ''
    return files.some(file => file.text.includes(word)) ? [] : [`${name ?? 'a file'} in ${path}`]
  })
  expect(named.length > 0 || page === 'CONTRIBUTING.md').toBe(true)
  expect(missing).toEqual([])
})

test('`importsOf` finds every form of import in a file', () => {
  const text = [
    `import { type A,\n  b as c } from './b.ts'`,
    `import type D from 'd'`,
    `export * from '../e.ts'`,
    `import 'f/side-effect'`,
    `const g = await import('g')`,
    `type H = import('h').H`,
    `const text = "from 'nowhere'"`,
  ].join('\n')
  expect(importsOf({ path: 'packages/x/src/a.ts', text }).sort()).toEqual(
    ['packages/x/src/b.ts', 'd', 'packages/x/e.ts', 'f/side-effect', 'g', 'h'].sort(),
  )
})

test.each(parts)('$name imports only the packages that its row in the table allows', ({ name, place, may }) => {
  const files = shipped.filter(({ path }) => place.test(path))
  expect(files.length > 0 || name === 'apps/agent').toBe(true) // the agent has no TypeScript
  expect(offences(files, imported => (isFile(imported) ? place.test(imported) : may.test(imported)))).toEqual([])
})

/** The entry file of one of the farm's packages. */
const fileOf = (imported: string) =>
  imported
    .replace(/^@rumpfarm\/([a-z-]+)$/, 'packages/$1/src/index.ts')
    .replace(/^@rumpfarm\/([a-z-]+)\/([a-z-]+)$/, 'packages/$1/src/$2.ts')

test('no files import each other in a circle, not even for types', () => {
  expect(importCircles(code, fileOf).map(circle => circle.join(' imports '))).toEqual([])
})

test('if a package.json exports a file, the file exists', () => {
  const paths = new Set(code.map(({ path }) => path))
  const missing = sourceFiles(/(^|\/)package\.json$/).flatMap(({ path, text }) =>
    exportsOf(JSON.parse(text).exports)
      .map(file => join(dirname(path), file))
      .filter(file => !paths.has(file))
      .map(file => `${path} exports ${file}`),
  )
  expect(missing).toEqual([])
})

/** All targets of `exports`, which can be nested objects. */
const exportsOf = (exported: unknown): string[] =>
  typeof exported === 'string' ? [exported] : Object.values(exported ?? {}).flatMap(exportsOf)

test('the source of the agent is POSIX sh only', () => {
  const files = sourceFiles(/^apps\/agent\/lib\//).map(({ path }) => path)
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter(path => !path.endsWith('.sh'))).toEqual([])
})

describe('only one part of the code may import each of these dependencies', () => {
  const only = (what: string, place: string, name: RegExp, allowed: RegExp) =>
    test(what, () => {
      const files = shipped.filter(({ path }) => path.startsWith(place))
      expect(offences(files, (imported, { path }) => !name.test(imported) || allowed.test(path))).toEqual([])
    })

  only('only db/ imports the Prisma client', 'packages/farm/src/', /\/generated\//, /\/db\//)
  only('only db/ imports Prisma', 'packages/', /^@prisma\//, /^packages\/farm\/src\/db\//)
  only('only background/ imports BullMQ', '', /^bullmq$/, /^apps\/server\/src\/background\//)
  only(
    'only routes/, http/, auth/ and app.ts import Fastify',
    'apps/server/src/',
    /^@?fastify/,
    /^apps\/server\/src\/(routes\/|http\/|auth\/|app\.ts$|server\.ts$)/,
  )

  test('http/ serves all routes and imports none of them', () => {
    const files = shipped.filter(({ path }) => path.startsWith('apps/server/src/http/'))
    expect(offences(files, imported => !imported.startsWith('apps/server/src/routes/'))).toEqual([])
  })

  test('the API does not import the pages', () => {
    const files = shipped.filter(({ path }) => path.startsWith('apps/server/src/routes/api/'))
    expect(offences(files, imported => !imported.startsWith('apps/server/src/routes/dashboard/pages/'))).toEqual([])
  })

  test('only config.ts reads the environment of the server', () => {
    const files = shipped.filter(({ path }) => path.startsWith('apps/server/src/') && !path.endsWith('/config.ts'))
    const readers = files.filter(({ text }) => /\bprocess\.env\b/.test(text.replaceAll('readConfig(process.env)', '')))
    expect(readers.map(({ path }) => path)).toEqual([])
  })

  test('packages do not read the environment', () => {
    const files = shipped.filter(({ path }) => path.startsWith('packages/'))
    const readers = files.filter(({ text }) => /^(?!\s*(\/?\*|\/\/)).*\bprocess\.env\b/m.test(text))
    expect(readers.map(({ path }) => path)).toEqual([])
  })
})

test('every link in a page includes the path of PUBLIC_URL', () => {
  const pages = shipped.filter(({ path }) => path.startsWith('apps/server/src/') && !path.endsWith('/links.tsx'))
  const literal = /\b(href|src|action)=\{?["'`]?\//
  const element = /<(form\b|a\b(?!.*href=("#|\{`#)))/ // links.tsx has <A> and <Form> instead
  const offenders = pages.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const wrong = literal.test(line) || (path.endsWith('.tsx') && element.test(line))
      return wrong ? [`${path}:${index + 1}: ${line.trim()}`] : []
    }),
  )
  expect(offenders).toEqual([])
})

test('every package, folder and file has a name that says its purpose', () => {
  const vague = /(^|\/)(utils?|helpers?|common|shared|misc|types)(\/|\.[a-z]+$)/
  expect(sourceFiles(/./).flatMap(({ path }) => (vague.test(path) ? [path] : []))).toEqual([])
})

test('no test file has more than 500 lines, and no other file has more than 400 lines', () => {
  // schema.prisma is one list of tables, and a program writes the files in generated/
  const files = sourceFiles(/\.(ts|tsx|mjs|js|css|sh)$/).filter(({ path }) => !path.includes('/generated/'))
  const giants = files.filter(file => file.text.split('\n').length > (isTest(file) ? 500 : 400))
  expect(giants.map(({ path }) => path)).toEqual([])
})

/** Metaphors of earlier versions. A standard term has replaced each of them. The test ignores words in backquotes. */
const bannedWords = [
  ...['errand', 'door', 'announcer', 'announcement', 'journal', 'mend', 'mended', 'anew', 'throw-away', 'whoever'],
  ...['greeting', 'in force', 'for good', 'to be had', 'first-cell', 'this-host'],
]

test('code, pages and docs use no metaphor of earlier versions', () => {
  const banned = new RegExp(`(?<![\\w-])(${bannedWords.join('|')})s?(?![\\w-])`)
  const files = sourceFiles(/\.(tsx?|mjs|js|css|sh|md|prisma|sql|ya?ml|c|h)$|^farm$/).filter(
    ({ path }) => !/^prisma\/migrations\/|^pnpm-lock|^test\/house\.test\.ts$/.test(path),
  )
  const offenders = files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      const words = line
        .replace(/`[^`]*`/g, '')
        .replace(/([a-z])([A-Z])/g, '$1 $2')
        .toLowerCase()
      const [found] = banned.exec(words) ?? []
      return found ? [`${path}:${index + 1}: ${found}`] : []
    }),
  )
  expect(offenders).toEqual([])
})
