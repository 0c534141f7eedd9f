import { WrittenProject } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { describeMistake, readFarmYaml } from './farm-yaml.rule.ts'

const read = (text: string) => readFarmYaml(text, { file: 'farm.yaml', directory: '/srv/farm' })

/** The projects of a file that has no mistake. */
function projects(text: string) {
  const reading = read(text)
  if (reading.kind === 'mistakes') throw new Error(reading.mistakes.map(describeMistake).join('\n'))
  return reading.projects
}

/** The messages of a file that has mistakes. */
function mistakes(text: string) {
  const reading = read(text)
  return reading.kind === 'ok' ? [] : reading.mistakes.map(describeMistake)
}

/** A project `p` with these lines below its name, and by default with one step. */
const project = (lines: string, steps = '    steps: [{ build: make }]\n') =>
  `projects:\n  p:\n    repository: .\n${lines.replace(/^(?=.)/gm, '    ')}\n${steps}`

const limits = {
  wallSeconds: 3600,
  silenceSeconds: 1200,
  graceSeconds: 5,
  logBytes: 100_000_000,
  artifactBytes: 100_000_000,
  lostAfterSeconds: 600,
  attempts: 3,
}

test('a project with only a repository and a step gets every default', () => {
  expect(projects('projects:\n  p:\n    repository: .\n    steps:\n      - build: make\n')).toEqual([
    {
      name: 'p',
      repository: '/srv/farm',
      branches: ['main', 'master'],
      leaveOut: [],
      sources: [],
      hosts: ['*'],
      arches: ['*'],
      env: {},
      limits,
      variants: { default: { env: {}, hosts: ['*'], arches: ['*'] } },
      steps: [{ name: 'build', run: 'make' }],
      artifacts: [],
    },
  ])
})

test('the parser reads every setting of a project', () => {
  const text = `
projects:
  rump:
    title: Rump kernels
    repository: https://forge.example/rump.git
    path: sys/rump
    branches: [main, 'release-*']
    leave-out: [big/tests]
    sources:
      src: { repository: ../src, commit-from: .srcgitrev, leave-out: [dist/test] }
      lib: { repository: 'git@forge.example:lib.git', branch: stable/2 }
      old: { repository: /srv/old, commit: 1234567 }
    hosts: ['*', 'vax-[12]']
    arches: [amd64]
    env: { CI: yes, VERSION: 1.10 }
    limits: { wall: 80m, silence: 1h30m, grace: 10s, log: 2 MiB, artifacts: 5 MB, lost-after: 1d, attempts: 1 }
    variants:
      static: { env: { MKPIC: no }, hosts: [vax], arches: ['arm*'] }
      plain: {}
    steps:
      - tools: ./tools
      - build: |
          cd src
          make
    artifacts: [dist/*.tar.gz, reports/, '[a-z]?+1.log']
    errors: ['^>> ERROR:', '(?i)panic in \\w+']
    ignore: ['probe\\.c:']
`
  expect(projects(text)).toEqual([
    {
      name: 'rump',
      title: 'Rump kernels',
      repository: 'https://forge.example/rump.git',
      path: 'sys/rump',
      paths: ['sys/rump/**'],
      branches: ['main', 'release-*'],
      leaveOut: ['big/tests'],
      sources: [
        { name: 'src', repository: '/srv/src', commitFrom: '.srcgitrev', leaveOut: ['dist/test'] },
        { name: 'lib', repository: 'git@forge.example:lib.git', branch: 'stable/2', leaveOut: [] },
        { name: 'old', repository: '/srv/old', commit: '1234567', leaveOut: [] },
      ],
      hosts: ['*', 'vax-[12]'],
      arches: ['amd64'],
      env: { CI: 'yes', VERSION: '1.10' },
      limits: {
        wallSeconds: 4800,
        silenceSeconds: 5400,
        graceSeconds: 10,
        logBytes: 2_097_152,
        artifactBytes: 5_000_000,
        lostAfterSeconds: 86_400,
        attempts: 1,
      },
      variants: {
        static: { env: { MKPIC: 'no' }, hosts: ['vax'], arches: ['arm*'] },
        plain: { env: {}, hosts: ['*'], arches: ['*'] },
      },
      steps: [
        { name: 'tools', run: './tools' },
        { name: 'build', run: 'cd src\nmake\n' },
      ],
      artifacts: ['dist/*.tar.gz', 'reports', '[a-z]?+1.log'],
      errors: ['^>> ERROR:', '(?i)panic in \\w+'],
      ignore: ['probe\\.c:'],
    },
  ])
})

describe('the values of durations and sizes', () => {
  test.each([
    ['wall: 90s', 'wallSeconds', 90],
    ['wall: 4800s', 'wallSeconds', 4800],
    ['wall: 2h', 'wallSeconds', 7200],
    ['wall: 1d 2h', 'wallSeconds', 93_600],
    ['log: 100 MB', 'logBytes', 100_000_000],
    ['log: 500kB', 'logBytes', 500_000],
    ['log: 64 KiB', 'logBytes', 65_536],
    ['log: 999999999 B', 'logBytes', 999_999_999],
    ['artifacts: 20 MB', 'artifactBytes', 20_000_000],
  ] as const)('the parser reads the value: %s', (line, key, value) => {
    expect(projects(project(`limits: { ${line} }`))[0]?.limits[key]).toBe(value)
  })
})

test.each(['dist', 'dist/*.tar.gz', 'a/b/', 'report-[0-9].xml', 'x+y_z?'])(
  'the parser allows the artifact %s',
  pattern => {
    const [only] = projects(project(`artifacts: ['${pattern}']`))
    expect(only?.artifacts).toEqual([pattern.replace(/\/$/, '')])
  },
)

test.each([
  '../up',
  '/etc/passwd',
  'a/../../b',
  './a',
  '.hidden',
  'a/-x',
  'a//b',
  'two words',
  'src/**/x',
  '!a',
  '{a,b}',
  'é',
])('the parser refuses the artifact %s', pattern => {
  expect(mistakes(project(`artifacts: ['${pattern}']`))).toEqual([
    expect.stringMatching(/^farm.yaml:4:17: projects.p.artifacts\[0\]: found .*, expected a path or pattern inside/),
  ])
})

test.each([
  ['.', '/srv/farm'],
  ['../other', '/srv/other'],
  ['/srv/x.git', '/srv/x.git'],
  ['file:///srv/x', 'file:///srv/x'],
  ['https://forge.example/x', 'https://forge.example/x'],
  ['ssh://git@forge.example:2222/x', 'ssh://git@forge.example:2222/x'],
  ['forge.example:x/y.git', 'forge.example:x/y.git'],
  ['./odd:name', '/srv/farm/odd:name'],
])('the parser reads the repository %s as %s', (written, placed) => {
  expect(projects(`projects: { p: { repository: '${written}', steps: [{ build: make }] } }`)[0]?.repository).toBe(
    placed,
  )
})

test.each([
  ["errors: ['a(']", `found "a(", expected a pattern of RE2 (docs/failures.md); missing closing ): \`a(\``],
  [
    "ignore: ['x', 'y*']",
    'found "y*", expected a pattern of RE2 (docs/failures.md); it matches an empty line, so it would match every line',
  ],
  [
    "errors: ['x(?!y)']",
    'found "x(?!y)", expected a pattern of RE2 (docs/failures.md); invalid or unsupported Perl syntax: `(?!`',
  ],
  ["errors: ['((?:abcd){30}){30}']", 'it is too large'],
  [`errors: [${'x'.repeat(201)}]`, 'expected a pattern of at most 200 characters'],
  [`ignore: [${'x,'.repeat(21)}]`, 'found a list of 21 (at most 20)'],
])('the parser refuses %s', (lines, message) => {
  expect(mistakes(project(lines))).toEqual([expect.stringContaining(message)])
})

describe('errors have positions', () => {
  const keys = Object.keys(WrittenProject.properties).join(', ')
  test.each([
    [
      'an unknown key',
      project('branchs: [main]'),
      `farm.yaml:4:5: projects.p.branchs: found "branchs" (unknown key), expected one of ${keys}; did you mean branches?`,
    ],
    [
      'swapped letters',
      project('limits:\n  wlal: 3s'),
      'farm.yaml:5:7: projects.p.limits.wlal: found "wlal" (unknown key), expected one of wall, silence, grace, log, artifacts, lost-after, attempts; did you mean wall?',
    ],
    [
      'a missing key',
      'projects:\n  p:\n    steps: [{ build: make }]\n',
      "farm.yaml:3:5: projects.p.repository: found no repository, expected repository: the repository's URL, or its path (from farm.yaml's directory), without spaces and not beginning with -",
    ],
    [
      'no steps',
      'projects:\n  p:\n    repository: .\n',
      'farm.yaml:3:5: projects.p.steps: found no steps, expected steps: a list of at least one step, such as  - build: make',
    ],
    [
      'an empty list of steps',
      project('', '    steps: []'),
      'farm.yaml:5:12: projects.p.steps: found a list of 0 (at least 1), expected a list of at least one step, such as  - build: make',
    ],
    [
      'a step that is text',
      project('', '    steps:\n      - make\n'),
      'farm.yaml:6:9: projects.p.steps[0]: found "make", expected a step, such as  build: make -j"$FARM_JOBS"',
    ],
    [
      'two steps in one list item',
      project('', '    steps:\n      - a: x\n        b: y\n'),
      'farm.yaml:6:9: projects.p.steps[0]: found a map of 2 (at most 1), expected a step, such as  build: make -j"$FARM_JOBS"',
    ],
    [
      'a step with a bad name',
      project('', '    steps:\n      - "a b": x\n'),
      'farm.yaml:6:9: projects.p.steps[0].a b: found "a b", expected a name: 1 to 64 of A-Z a-z 0-9 . _ + -, not beginning with . or -',
    ],
    [
      'a step twice',
      project('', '    steps:\n      - a: x\n      - a: y\n'),
      'farm.yaml:7:9: projects.p.steps[1].a: found a second step "a", expected another name',
    ],
    [
      'a number without its unit',
      project('limits: { wall: 90 }'),
      'farm.yaml:4:21: projects.p.limits.wall: found "90", expected a duration with its unit, such as 80m or 1h30m',
    ],
    [
      'a limit out of range',
      project('limits: { log: 1 GB }'),
      'farm.yaml:4:20: projects.p.limits.log: found "1 GB", expected from 1 kB to 999999999 B (the protocol counts in nine digits)',
    ],
    [
      'a time limit of zero',
      project('limits: { wall: 0s }'),
      'farm.yaml:4:21: projects.p.limits.wall: found "0s", expected from 1s to 30d',
    ],
    [
      'a budget of a bisection out of range',
      project('bisect: { budget: 3s }'),
      'farm.yaml:4:23: projects.p.bisect.budget: found "3s", expected from 1m to 30d',
    ],
    [
      'a secret instead of its name',
      project('status: [{ forge: gitlab, token: glpat-abcdef }]'),
      "farm.yaml:4:38: projects.p.status[0].token: found another text, expected the name of a variable of the server's environment, such as $STATUS_GITHUB; the secret itself must not be in farm.yaml",
    ],
    [
      'a forge without a token',
      project('status: [{ forge: github, repository: a/b, api: https://git.example.org/api/v3 }]'),
      'farm.yaml:4:14: projects.p.status[0].token: found no token, expected one of token, such as $STATUS_GITHUB, and app',
    ],
    [
      'a forge that the address of the repository does not tell',
      project('status: [{ forge: gitea, token: $STATUS_GITEA }]'),
      "farm.yaml:4:14: projects.p.status[0].api: found no api, expected the address of the forge's API, because the address of the repository does not tell it",
    ],
    [
      'text where a list belongs',
      project('branches: main'),
      'farm.yaml:4:15: projects.p.branches: found "main", expected a list of patterns such as [main]',
    ],
    [
      'a key without its value',
      project('env:'),
      'farm.yaml:4:9: projects.p.env: found nothing, expected a map of environment variables',
    ],
    [
      'an option as repository',
      'projects: { p: { repository: --upload-pack=x, steps: [{ build: make }] } }',
      'farm.yaml:1:30: projects.p.repository: found "--upload-pack=x", expected the repository\'s URL, or its path (from farm.yaml\'s directory), without spaces and not beginning with -',
    ],
    [
      'a path outside the repository',
      project('path: a/../../b'),
      'farm.yaml:4:11: projects.p.path: found "a/../../b", expected a directory of the repository, without .., . or a leading / or -',
    ],
    [
      'a line break in a variable',
      project('env: { A: "x\\ny" }'),
      'farm.yaml:4:15: projects.p.env.A: found "x\\ny", expected one line of text without control characters',
    ],
    [
      'a variable with a bad name',
      project('env: { 1A: x }'),
      'farm.yaml:4:12: projects.p.env.1A: found "1A", expected a variable\'s name: letters, digits and _, not beginning with a digit',
    ],
    [
      'a variable with the prefix FARM_',
      project('env: { FARM_JOBS: 3 }'),
      'farm.yaml:4:12: projects.p.env.FARM_JOBS: found "FARM_JOBS", expected a name without the prefix FARM_ (reserved for the farm)',
    ],
    [
      'a branch and a commit for one source',
      project('sources:\n  s: { repository: x, branch: y, commit: abcdef0 }'),
      'farm.yaml:5:38: projects.p.sources.s.commit: found branch and commit, expected one of them',
    ],
    [
      'a source named like its project',
      project('sources:\n  p: { repository: x }'),
      `farm.yaml:5:7: projects.p.sources.p: found "p", expected a name other than the project's: the host makes a directory for each`,
    ],
    [
      'a duplicate key',
      project('title: a\ntitle: b'),
      'farm.yaml:5:5: found Map keys must be unique, expected well-formed YAML',
    ],
    [
      'a tab for indentation',
      'projects:\n\tp: x\n',
      'farm.yaml:2:1: found Tabs are not allowed as indentation, expected well-formed YAML',
    ],
    [
      'an unknown tag',
      project('title: !!js/function x'),
      'farm.yaml:4:12: found Unresolved tag: tag:yaml.org,2002:js/function, expected well-formed YAML',
    ],
    ['an empty file', '', 'farm.yaml:1:1: found nothing, expected a map with the key projects'],
    ['text instead of a map', 'hello', 'farm.yaml:1:1: found "hello", expected a map with the key projects'],
    [
      'an error in a value that an alias repeats',
      `${project('limits: &l { wall: 1x }')}  q:\n    repository: .\n    limits: *l\n    steps: [{ build: make }]\n`,
      'farm.yaml:4:24: projects.p.limits.wall: found "1x", expected a duration with its unit, such as 80m or 1h30m',
    ],
  ])('the parser reports this error: %s', (_name, text, message) => {
    expect(mistakes(text)).toContain(message)
  })
})

test('the parser reports every error in the order of the file', () => {
  expect(mistakes(project('branchs: [x]\nlimits: { wall: 1 }\nenv: { 1: x }')).map(line => line.split(' ')[0])).toEqual(
    ['farm.yaml:4:5:', 'farm.yaml:5:21:', 'farm.yaml:6:12:'],
  )
})

test('the parser reports at most 20 errors', () => {
  const lines = Array.from({ length: 50 }, (_, index) => `wrong${index}: x`).join('\n')
  expect(mistakes(project(lines))).toHaveLength(20)
})

test('the parser supports aliases and merge keys', () => {
  const text = `
projects:
  a: &a
    repository: x
    limits: &l { wall: 10m }
    steps: [{ build: make }]
  b:
    <<: *a
    limits: { <<: *l, grace: 7s }
`
  expect(projects(text)[1]).toMatchObject({
    name: 'b',
    repository: '/srv/farm/x',
    limits: { wallSeconds: 600, graceSeconds: 7 },
  })
})

test('the parser rejects a few lines of aliases that expand to gigabytes', () => {
  const levels = Array.from(
    { length: 12 },
    (_, n) =>
      `l${n}: &l${n} [${Array(9)
        .fill(n ? `*l${n - 1}` : 'x')
        .join(',')}]`,
  )
  expect(mistakes(levels.join('\n'))).toEqual([
    'farm.yaml:1:1: found Excessive alias count indicates a resource exhaustion attack, expected at most 100 uses of known anchors',
  ])
})

test.each([
  ['flow', `projects: ${'['.repeat(50_000)}`],
  ['compact lists', `projects:\n  ${'- '.repeat(50_000)}x`],
  ['blocks', Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
])('the parser refuses extreme nesting (%s)', (_name, text) => {
  expect(mistakes(text)).toEqual([expect.stringContaining('found more than 30 levels, expected fewer levels')])
})

test('the parser rejects a file of more than a megabyte', () => {
  expect(mistakes(`# ${'x'.repeat(1_000_000)}`)).toEqual([
    'farm.yaml:1:1: found 1000002 bytes, expected at most 1000000',
  ])
})

test.each([
  ['a line over 100,000 bytes', `make ${'x'.repeat(100_000)}`, 'found a line of 100005 bytes, expected at most 100000'],
  ['more than 3,000 lines', 'make\\n'.repeat(3001), 'found 3002 lines of shell, expected at most 3000'],
  ['a control character', 'make \\e[1m', 'expected shell text without control characters'],
])('the parser refuses a recipe with %s', (_name, run, message) => {
  expect(mistakes(project('', `    steps: [{ build: "${run}" }]`))).toEqual([expect.stringContaining(message)])
})

test.each(['__proto__', 'constructor', 'toString'])('a project may have the name %s', name => {
  const [only] = projects(
    `projects: { ${name}: { repository: x, env: { ${name}: y }, variants: { ${name}: { env: { ${name}: v } } }, steps: [{ ${name}: z }] } }`,
  )
  expect(Object.entries(only?.variants ?? {})).toMatchObject([[name, { hosts: ['*'] }]])
  expect(Object.entries(only?.variants[name]?.env ?? {})).toEqual([[name, 'v']])
  expect(only).toMatchObject({ name, steps: [{ name, run: 'z' }] })
  expect(Object.entries(only?.env ?? {})).toEqual([[name, 'y']])
})

test.each([
  'fd::17',
  'ext::sh -c whoami',
  'gopher://forge.example/p',
  'ftp://forge.example/p',
  'EXT::x',
  'https:/forge.example/p',
])(
  'the parser refuses the address %s, because git would run a helper program or read the scheme as a host',
  address => {
    const text = `projects:\n  p:\n    repository: "${address.replaceAll(' ', '%20')}"\n    steps: [{ build: make }]\n`
    expect(mistakes(text)).toEqual([
      expect.stringMatching(/^farm.yaml:3:17: projects.p.repository: found an address of the kind "\w+(::|:\/\/|:)"/),
    ])
  },
)

test.each([
  'https://me:s3cret@forge.example/p.git',
  'https://forge.example/p.git?pat=s3cret',
  'https://forge.example/p.git;private_token=s3cret',
  '"https://forge.example/p.git#access_token=s3cret"',
  'me:s3cret@forge.example:p',
])('the parser refuses the address %s because of its secret, and does not repeat the secret', address => {
  const text = `projects:\n  p:\n    repository: x\n    sources: { s: { repository: ${address} } }\n    steps: [{ build: make }]\n`
  const found = mistakes(text)
  expect(found).toEqual([
    expect.stringMatching(
      /^farm.yaml:4:33: projects.p.sources.s.repository: found a .* in the address, expected an address without it: .* credential helper/,
    ),
  ])
  expect(found.join()).not.toContain('s3cret')
})

test('an error in an address does not repeat its secret', () => {
  const address = '"https://me:s3cret@forge.example/a b?pat=s3cret"'
  const found = mistakes(`projects:\n  p:\n    repository: ${address}\n    steps: [{ build: make }]\n`)
  expect(found).toEqual([
    expect.stringMatching(
      /^farm.yaml:3:17: projects.p.repository: found "https:.*without spaces and not beginning with -$/,
    ),
  ])
  expect(found.join()).not.toContain('s3cret')
})

test('by default a known failure applies to every host, every arch and every variant', () => {
  const lines = `known-failures:
  - because: PE-COFF
  - { because: unaligned, hosts: [sun], arches: ['sparc*'], variants: [static], step: build }`
  const everywhere = { hosts: ['*'], arches: ['*'], variants: ['*'] }
  expect(projects(project(lines))[0]?.knownFailures).toEqual([
    { because: 'PE-COFF', ...everywhere },
    { because: 'unaligned', hosts: ['sun'], arches: ['sparc*'], variants: ['static'], step: 'build' },
  ])
})

test('a known failure needs a reason, and its step must exist', () => {
  expect(mistakes(project("known-failures: [{ hosts: ['*'] }]"))[0]).toContain('because')
  expect(mistakes(project('known-failures: [{ because: x, step: biuld }]'))).toEqual([
    'farm.yaml:4:42: projects.p.known-failures[0].step: found "biuld", expected one of the steps: build',
  ])
})

test('a project can say which tags it builds, and what happens to many waiting builds', () => {
  const [plain, own] = [
    projects(project(''))[0],
    projects(project("tags: ['v*']\ncoalesce: false\ncancel-superseded: true\njobs-at-once: 4"))[0],
  ]
  for (const key of ['tags', 'coalesce', 'cancelSuperseded', 'jobsAtOnce']) expect(plain).not.toHaveProperty(key)
  expect(own).toMatchObject({ tags: ['v*'], coalesce: false, cancelSuperseded: true, jobsAtOnce: 4 })
  expect(mistakes(project('coalesce: yes'))).toEqual([expect.stringContaining('found "yes", expected true or false')])
  expect(mistakes(project('jobs-at-once: 0'))).toEqual([expect.stringContaining('expected a number from 1 to 9999')])
})
