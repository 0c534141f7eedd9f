import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

const directory = mkdtempSync(join(tmpdir(), 'rumpfarm-config-'))
afterAll(() => rmSync(directory, { recursive: true }))

const secretNames = ['FARM_SECRET', 'ADMIN_TOKEN', 'GITHUB_WEBHOOK_SECRET', 'WEBHOOK_SECRET']

test('an empty variable counts as not set, even for a secret', () => {
  const empty = Object.fromEntries(
    [...secretNames, 'PORT', 'HOST', 'PUBLIC_URL', 'DATABASE_URL', 'REDIS_URL', 'LOG_LEVEL', 'FARM_FILE'].map(name => [
      name,
      '',
    ]),
  )
  const { environment: _, ...unset } = readConfig({}, directory)
  expect(readConfig(empty, directory)).toMatchObject(unset)
  for (const secret of Object.values(unset.secrets).flat()) expect(secret.length).toBeGreaterThanOrEqual(32)
})

test.each([
  [{}, undefined],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, undefined],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/' },
    { url: 'http://collector:4318/v1/traces', serviceName: 'rumpfarm' },
  ],
  [
    { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example/in', OTEL_SERVICE_NAME: 'our farm' },
    { url: 'https://traces.example/in', serviceName: 'our farm' },
  ],
])('with the variables %j the receiver of traces is %j', (env, traces) => {
  expect(readConfig(env, directory).traces).toEqual(traces)
})

describe('the server refuses an invalid setting, and the message names the variable', () => {
  test.each(secretNames)('the server refuses a value of %s that somebody can guess', name => {
    expect(() => readConfig({ [name]: 'secret' }, directory)).toThrow(
      new ConfigError(`${name} has 6 characters; it needs at least 16: openssl rand -hex 32`),
    )
  })

  test.each([
    ['PORT', 'abc', 'PORT is "abc"; it must be a whole number from 0 to 65535'],
    [
      'TRUST_PROXY',
      'nginx',
      'TRUST_PROXY is "nginx"; it must be true (one proxy), the number of proxies (1 to 9), or their addresses such as 10.0.0.1, 10.1.0.0/16',
    ],
    ['LOG_LEVEL', 'loud', 'LOG_LEVEL is "loud"; it must be one of fatal, error, warn, info, debug, trace, silent'],
    ['METRICS_TOKEN', 'short', 'METRICS_TOKEN has 5 characters; it needs at least 16: openssl rand -hex 32'],
    [
      'METRICS_TOKEN',
      'two words of a token',
      'METRICS_TOKEN has a space or another character that a header cannot contain: openssl rand -hex 32',
    ],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'grpc://collector:4317',
      'OTEL_EXPORTER_OTLP_ENDPOINT is not an address such as http://collector.example:4318',
    ],
    ['PUBLIC_URL', 'farm', 'PUBLIC_URL is "farm"; it must be an address such as https://farm.example.org'],
    [
      'PUBLIC_URL',
      'https://x/farm?y',
      'PUBLIC_URL is "https://x/farm?y"; it must be an address such as https://farm.example.org',
    ],
    [
      'PUBLIC_URL',
      "https://x/it's",
      `PUBLIC_URL is "https://x/it's"; it must be an address such as https://farm.example.org`,
    ],
    ['AGENT_VERSION_MIN', 'new', 'AGENT_VERSION_MIN is "new"; it must be a version such as 1.2.0'],
    ['DATABASE_URL', 'mysql://x', 'DATABASE_URL is not an address such as postgresql://user:password@host/database'],
    [
      'DATABASE_READ_URL',
      'postgresql://farm@replica/farm',
      'DATABASE_READ_URL needs DATABASE_URL: the address of the primary',
    ],
    ['REDIS_URL', 'localhost:6379', 'REDIS_URL is not an address such as redis://host:6379'],
    ['SMTP_URL', 'mail:s3cret', 'SMTP_URL is not an address such as smtps://user:password@mail.example.org'],
    ['SMTP_URL', 'smtp://mail.example.org?starttls=no', 'starttls in SMTP_URL must be required, optional or off'],
    [
      'SMTP_URL',
      'smtp://mail.example.org',
      'MAIL_FROM is ""; with SMTP_URL, it must be a sender such as Rumpfarm <farm@example.org>',
    ],
    ['NOTIFY_PRIVATE', 'yes', 'NOTIFY_PRIVATE is "yes"; it must be one of true, false'],
    [
      'WEBHOOK_SECRET',
      'not base64 at all!',
      'WEBHOOK_SECRET must be whsec_ and base64: echo "whsec_$(openssl rand -base64 32)"',
    ],
  ])('the server refuses %s=%s', (name, value, message) => {
    expect(() => readConfig({ [name]: value }, directory)).toThrow(new ConfigError(message))
  })
})

test('the server refuses a token that a header cannot contain', () => {
  expect(() => readConfig({ ADMIN_TOKEN: 'correct horse battery' }, directory)).toThrow(
    new ConfigError('ADMIN_TOKEN has a space or another character that a header cannot contain: openssl rand -hex 32'),
  )
})

test('if others can read the directory of secrets, for example after a restore, the server makes it private', () => {
  const data = mkdtempSync(join(directory, 'restored-'))
  mkdirSync(join(data, 'secrets'), { mode: 0o755 })
  readConfig({ RUMPFARM_DATA: data })
  expect(statSync(join(data, 'secrets')).mode & 0o777).toBe(0o700)
})

test.each(['server', 'admin-token', 'github-webhook', 'webhook'])(
  'if the secret file %s is empty, the farm does not start, and the message names the file',
  name => {
    const data = mkdtempSync(join(directory, 'data-'))
    const file = join(data, 'secrets', name)
    mkdirSync(join(data, 'secrets'))
    writeFileSync(file, '')
    expect(() => readConfig({ RUMPFARM_DATA: data })).toThrow(ConfigError)
    expect(() => readConfig({ RUMPFARM_DATA: data })).toThrow(`${file} contains no usable secret: it has 0 characters`)
  },
)

test('SIGNED_PORT needs a PUBLIC_URL, and SIGNED_URL must use plain HTTP', () => {
  const PUBLIC_URL = 'https://farm.example.org'
  const signed = (env: Record<string, string>) => readConfig(env, directory).signed
  expect(signed({ PUBLIC_URL })).toBeUndefined()
  expect(signed({ PUBLIC_URL, SIGNED_PORT: '8081' })).toEqual({
    host: '127.0.0.1',
    port: 8081,
    url: 'http://farm.example.org:8081',
  })
  const apart = { PUBLIC_URL, SIGNED_PORT: '8081', SIGNED_HOST: '0.0.0.0', SIGNED_URL: 'http://old.example:80/' }
  expect(signed(apart)).toMatchObject({ host: '0.0.0.0', url: 'http://old.example:80' })
  expect(() => signed({ SIGNED_PORT: '8081' })).toThrow(/^SIGNED_PORT needs PUBLIC_URL/)
  expect(() => signed({ PUBLIC_URL, SIGNED_PORT: 'x' })).toThrow(/^SIGNED_PORT is "x"; it must be a whole number/)
  expect(() => signed({ PUBLIC_URL, SIGNED_PORT: '1', SIGNED_URL: 'https://x' })).toThrow(
    /^SIGNED_URL is "https:\/\/x"; signed requests are plain http/,
  )
})

test.each([
  ['', false],
  ['false', false],
  ['true', 1],
  ['2', 2],
  ['10.0.0.1, 10.1.0.0/16', ['10.0.0.1', '10.1.0.0/16']],
  ['::1', ['::1']],
])('the value "%s" of TRUST_PROXY sets trustProxy to %j', (text, expected) => {
  expect(readConfig({ TRUST_PROXY: text }, directory).trustProxy).toEqual(expected)
})

test.each([
  ['farm@example.org', true],
  ['Rumpfarm <farm@example.org>', true],
  ['Rumpfarm', false],
  ['a@b.example, c@d.example', false],
  ['x <a@b.example>\r\nBcc: c@d.example', false],
])('MAIL_FROM %j is one sender: %s', (sender, valid) => {
  const read = () => readConfig({ SMTP_URL: 'smtp://localhost', MAIL_FROM: sender }, directory).notifiers
  if (valid) expect(read()).toEqual({ smtpUrl: 'smtp://localhost', mailFrom: sender, allowPrivate: false })
  else expect(read).toThrow(/^MAIL_FROM is /)
})

test('without settings, the farm sends no mail, and no messages to private addresses', () => {
  expect(readConfig({}, directory).notifiers).toEqual({ allowPrivate: false })
  expect(readConfig({ NOTIFY_PRIVATE: 'true' }, directory).notifiers).toEqual({ allowPrivate: true })
})
