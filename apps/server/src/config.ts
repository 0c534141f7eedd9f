import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** The only reader of the environment. docs/operations.md lists these variables for people. */
export function readConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()) {
  const dataDirectory = resolve(cwd, env.RUMPFARM_DATA ?? 'data')
  const port = whole(env, 'PORT', 8080, { min: 0, max: 65_535 })
  const host = env.HOST ?? '127.0.0.1'
  return Object.freeze({
    host,
    port,
    /** What hosts and people call this farm; undefined: what their request called it. */
    publicUrl: env.PUBLIC_URL === undefined ? undefined : url(env.PUBLIC_URL),
    /** Believe X-Forwarded-* of a proxy in front. */
    trustProxy: env.TRUST_PROXY === 'true',
    dataDirectory,
    /** Undefined: the farm runs a PostgreSQL of its own below the data directory. */
    databaseUrl: env.DATABASE_URL || undefined,
    databaseConnections: whole(env, 'DATABASE_CONNECTIONS', 10, { min: 2, max: 500 }),
    /** Undefined: BullMQ keeps its queues in the same PostgreSQL. */
    redisUrl: env.REDIS_URL || undefined,
    farmFile: resolve(cwd, env.FARM_FILE ?? 'farm.yaml'),
    leaseSeconds: whole(env, 'LEASE_SECONDS', 90, { min: 5, max: 3600 }),
    /** Bytes of prepared tarballs kept. */
    sourcesBytesMax: whole(env, 'SOURCES_MB', 10_000, { min: 100, max: 10_000_000 }) * 1_000_000,
    logLevel: env.LOG_LEVEL ?? 'info',
    /** What git inherits: PATH, HOME, proxies, GIT_CONFIG_*. */
    environment: { ...env },
    secrets: Object.freeze({
      server: env.FARM_SECRET ?? kept(dataDirectory, 'server', () => randomBytes(32).toString('hex')),
      adminToken: env.ADMIN_TOKEN ?? kept(dataDirectory, 'admin-token', () => `rft-${randomBytes(24).toString('hex')}`),
      githubWebhook:
        env.GITHUB_WEBHOOK_SECRET ?? kept(dataDirectory, 'github-webhook', () => randomBytes(32).toString('hex')),
      /** In the form of Standard Webhooks. */
      webhook:
        env.WEBHOOK_SECRET ?? kept(dataDirectory, 'webhook', () => `whsec_${randomBytes(32).toString('base64')}`),
    }),
  })
}

export type Config = ReturnType<typeof readConfig>

function whole(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  { min, max }: { min: number; max: number },
): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new ConfigError(`${name} is "${text}"; it must be a whole number from ${min} to ${max}`)
}

function url(text: string): string {
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed && /^https?:$/.test(parsed.protocol)) return text.replace(/\/+$/, '')
  throw new ConfigError(`PUBLIC_URL is "${text}"; it must be an address such as https://farm.example.org`)
}

/** The environment asks for something that cannot be; the message is for the operator. */
export class ConfigError extends Error {}

/** A secret that is made at the first start and kept in a file only its owner can read. */
function kept(dataDirectory: string, name: string, make: () => string): string {
  const path = join(dataDirectory, 'secrets', name)
  mkdirSync(dataDirectory, { recursive: true }) // not private: as root, PostgreSQL runs under another account and must get in
  mkdirSync(join(dataDirectory, 'secrets'), { recursive: true, mode: 0o700 })
  try {
    writeFileSync(path, `${make()}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return readFileSync(path, 'utf8').trim()
}
