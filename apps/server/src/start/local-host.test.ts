import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { hostNameOf, lineForThisMachine, runWithoutFarmVariables } from './local-host.ts'

test.each([
  { hostname: 'vax', name: 'vax' },
  { hostname: 'vax.example.org', name: 'vax' },
  { hostname: 'Anna’s-MacBook', name: 'Anna-s-MacBook' },
  { hostname: '-odd', name: 'odd' },
  { hostname: 'x'.repeat(80), name: 'x'.repeat(60) },
  { hostname: '', name: 'this-machine' },
  { hostname: '…', name: 'this-machine' },
])('a machine with the name "$hostname" becomes the host "$name"', ({ hostname, name }) => {
  expect(hostNameOf(hostname)).toBe(name)
})

const local = 'http://127.0.0.1:8080'
const line = 'curl -fsS http://127.0.0.1:8080/agent.sh | sh -s -- enroll rfi-1'

test('this machine runs the farm’s enrolment command unchanged', () => {
  expect(lineForThisMachine(line, local, true)).toBe(line)
})

test('a machine without curl runs the same command with wget', () => {
  const withWget = 'wget -qO- http://127.0.0.1:8080/agent.sh | sh -s -- enroll rfi-1'
  expect(lineForThisMachine(line, local, false)).toBe(withWget)
})

test('if the enrolment command contains PUBLIC_URL, this machine uses the local address of the farm instead', () => {
  const far = 'curl -fsS https://farm.example.org/ci/agent.sh | sh -s -- enroll rfi-1'
  const reachable = 'curl -fsS http://127.0.0.1:8080/agent.sh | sh -s -- --url http://127.0.0.1:8080 enroll rfi-1'
  expect(lineForThisMachine(far, local, true)).toBe(reachable)
})

test('jobs on this machine receive no secrets of the farm and no variables of npm', () => {
  const PATH = `/clone/node_modules/.bin:${process.env.PATH}:/usr/lib/node_modules/npm/bin`
  const ours = {
    ADMIN_TOKEN: 'x',
    DATABASE_URL: 'x',
    DATABASE_DIRECT_URL: 'x',
    DATABASE_READ_URL: 'x',
    STORAGE_URL: 'x',
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_SESSION_TOKEN: 'x',
    STATUS_GITHUB: 'x',
    WEBHOOK_SAMPLE: 'x',
    GITHUB_WEBHOOK_SECRET_OLD: 'x',
    NOTIFY_IRC: 'x',
    SMTP_URL: 'x',
    GITHUB_WEBHOOK_SECRET: 'x',
    PORT: '1',
    npm_config_prefix: '/usr',
  }
  const env = { PATH, ...ours, npm_lifecycle_event: 'two\nnpm_lines=1', CC: 'a  compiler', EDITOR: 'vi' }
  const { stdout } = spawnSync('sh', ['-c', runWithoutFarmVariables, 'sh', 'env'], { env, encoding: 'utf8' })
  const seen = stdout.split('\n').filter(line => !/^(PWD|SHLVL|_|OLDPWD)?(=|$)/.test(line))
  expect(seen.sort()).toEqual([
    'CC=a  compiler',
    'EDITOR=vi',
    `PATH=${process.env.PATH?.split(':')
      .filter(one => !one.includes('/node_modules/'))
      .join(':')}`,
  ])
})
