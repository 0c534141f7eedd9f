import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { type BucketPlace, type Credentials, readStorageUrl, StorageUrlError } from '@rumpfarm/storage'
import { keptSecret, SecretFileError, secretLengthMin } from './secret-file.ts'

/** The places of a farm's data. Reading them makes no file, so that a restore finds an empty data directory. */
export const readPlaces = (env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()) => ({
  dataDirectory: resolve(cwd, env.RUMPFARM_DATA || 'data'),
  /** If undefined, the server runs the embedded PostgreSQL in the data directory. */
  databaseUrl: service(env, 'DATABASE_URL', /^postgres(ql)?:$/, 'postgresql://user:password@host/database'),
  /**
   * PostgreSQL itself, for migrations, queues and backups, if `databaseUrl` is a pooler such as PgBouncer; undefined if
   * it is not.
   */
  databaseDirectUrl: directUrl(env),
  farmFile: resolve(cwd, env.FARM_FILE || 'farm.yaml'),
  /** The bucket of logs, artifacts and source tarballs; undefined if they are in the data directory. */
  bucket: bucketPlace(env),
})

export type Places = ReturnType<typeof readPlaces>

/** Only this file reads the environment. docs/operations.md describes these variables. */
export function readConfig(env: NodeJS.ProcessEnv, cwd = process.cwd()) {
  const places = readPlaces(env, cwd)
  const { dataDirectory } = places
  const port = whole(env, 'PORT', 8080, { min: 0, max: 65_535 })
  const host = env.HOST || '127.0.0.1'
  const publicUrl = env.PUBLIC_URL ? url(env, 'PUBLIC_URL') : undefined
  return Object.freeze({
    host,
    port,
    /** The farm's address for hosts and browsers. If undefined, the server uses the address of each request. */
    publicUrl,
    /** The path of `publicUrl`: "", or for example "/farm". */
    publicPath: publicUrl === undefined ? '' : new URL(publicUrl).pathname.replace(/\/$/, ''),
    /** The port for signed requests over plain HTTP, for hosts without TLS 1.2. If undefined, there is no such port. */
    signed: env.SIGNED_PORT ? signedEndpoint(env, host) : undefined,
    /** The number or the addresses of the proxies whose X-Forwarded-* headers the server trusts. */
    trustProxy: proxies(env),
    /** Whether pages of other sites may read the API; undefined: unless only this machine can reach the farm. */
    cors: env.CORS ? oneOf(env, 'CORS', 'true', ['true', 'false']) === 'true' : undefined,
    ...places,
    databaseConnections: whole(env, 'DATABASE_CONNECTIONS', 10, { min: 2, max: 500 }),
    databaseReadConnections: whole(env, 'DATABASE_READ_CONNECTIONS', 6, { min: 2, max: 500 }),
    /** If undefined, BullMQ keeps its queues in PostgreSQL. */
    redisUrl: service(env, 'REDIS_URL', /^rediss?:$/, 'redis://host:6379'),
    /** How long a stopping server still takes new requests, so that load balancers notice that it stops. */
    drainSeconds: whole(env, 'DRAIN_SECONDS', 0, { min: 0, max: 120 }),
    /** The name of this server in messages; undefined for the name of the machine and the port. */
    serverName: serverName(env),
    leaseSeconds: whole(env, 'LEASE_SECONDS', 90, { min: 5, max: 3600 }),
    /** Agents below this version receive no new jobs. */
    agentVersionMin: version(env, 'AGENT_VERSION_MIN'),
    /** The sites that may show the matrix in a frame. */
    embedOrigins: origins(env),
    silentSeconds: whole(env, 'SILENT_SECONDS', 105, { min: 5, max: 86_400 }),
    /** The farm takes no logs and artifacts if the disk has less free space than this. */
    diskReserveBytes: whole(env, 'DISK_RESERVE_MB', 200, { min: 10, max: 1_000_000 }) * 1_000_000,
    /** The maximum size of all source tarballs together. */
    sourcesBytesMax: whole(env, 'SOURCES_MB', 10_000, { min: 100, max: 10_000_000 }) * 1_000_000,
    /** The maximum size of one upload of `farm try`, and of all of them together. */
    tryBytesMax: whole(env, 'TRY_MB', 200, { min: 1, max: 999 }) * 1_000_000,
    triesBytesMax: whole(env, 'TRIES_MB', 5000, { min: 1, max: 10_000_000 }) * 1_000_000,
    /** A replica of the database, for reads of history; undefined if there is none. */
    databaseReadUrl: readUrl(env),
    /** How the farm sends messages. Without `smtpUrl`, it sends no mail. */
    notifiers: Object.freeze({ ...mail(env), allowPrivate: flag(env, 'NOTIFY_PRIVATE') }),
    /** The token that reads /metrics from other machines. If undefined, only this machine can read /metrics. */
    metricsToken: sendable(given(env, 'METRICS_TOKEN'), 'METRICS_TOKEN'),
    /** The receiver of traces; undefined for no traces. */
    traces: traceReceiver(env),
    /** The secrets that farm.yaml names, such as `$STATUS_GITHUB`. */
    namedSecrets: namedSecrets(env),
    logLevel: oneOf(env, 'LOG_LEVEL', 'info', ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']),
    /** The environment of git: PATH, HOME, proxies, GIT_CONFIG_*. */
    environment: { ...env },
    /** The variable or file of the administrator's token, for messages. */
    adminTokenFrom: env.ADMIN_TOKEN ? 'ADMIN_TOKEN' : secretFile(dataDirectory, 'admin-token'),
    secrets: Object.freeze({
      server: given(env, 'FARM_SECRET') ?? kept(dataDirectory, 'server', () => randomBytes(32).toString('hex')),
      adminToken:
        sendable(given(env, 'ADMIN_TOKEN'), 'ADMIN_TOKEN') ??
        kept(dataDirectory, 'admin-token', () => `rft-${randomBytes(24).toString('hex')}`),
      /** The secret of the forges' webhooks; then the previous one, while somebody replaces it. */
      githubWebhooks: withPrevious(
        given(env, 'GITHUB_WEBHOOK_SECRET') ??
          kept(dataDirectory, 'github-webhook', () => randomBytes(32).toString('hex')),
        given(env, 'GITHUB_WEBHOOK_SECRET_OLD'),
      ),
      /** The secret in the format of Standard Webhooks; then the previous one. */
      webhooks: withPrevious(
        standardWebhooks('WEBHOOK_SECRET', given(env, 'WEBHOOK_SECRET')) ??
          kept(dataDirectory, 'webhook', () => `whsec_${randomBytes(32).toString('base64')}`, standardWebhooksForm),
        standardWebhooks('WEBHOOK_SECRET_OLD', given(env, 'WEBHOOK_SECRET_OLD')),
      ),
      /** The public keys of sourcehut, which sign its webhooks. */
      sourcehutKeys: sourcehutKeys(env),
    }),
  })
}

export type Config = ReturnType<typeof readConfig>

/**
 * The variables of a demo farm: its own directory and database, so that a demo never changes a real farm. The demo has
 * no agents, so its hosts become silent and its leases expire as late as possible.
 */
export const demoEnvironment = (dataDirectory: string): Record<string, string> => ({
  ...{ RUMPFARM_DATA: dataDirectory, FARM_FILE: join(dataDirectory, 'farm.yaml'), DATABASE_URL: '', REDIS_URL: '' },
  ...{ DATABASE_DIRECT_URL: '', DATABASE_READ_URL: '', STORAGE_URL: '' },
  ...{ SILENT_SECONDS: '86400', LEASE_SECONDS: '3600', PUBLIC_URL: '', SIGNED_PORT: '', SMTP_URL: '' },
})

/** The configuration of a demo farm. PORT, HOST and the other variables have their usual meaning. */
export const readDemoConfig = (dataDirectory: string): Config =>
  readConfig({ ...process.env, ...demoEnvironment(dataDirectory) })

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

/** `true` means one proxy. With a larger number, the server would trust an address that the client has written. */
function proxies(env: NodeJS.ProcessEnv): number | string[] | false {
  const text = env.TRUST_PROXY || 'false'
  if (text === 'false') return false
  if (text === 'true') return 1
  if (/^[1-9]$/.test(text)) return Number(text)
  const addresses = text.split(',').map(address => address.trim())
  if (addresses.every(isAddressOrNetwork)) return addresses
  throw new ConfigError(
    `TRUST_PROXY is "${text}"; it must be true (one proxy), the number of proxies (1 to 9), or their addresses such as 10.0.0.1, 10.1.0.0/16`,
  )
}

function isAddressOrNetwork(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  return (
    family !== 0 &&
    more === undefined &&
    (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)))
  )
}

/** Reads the sites that may show the matrix in a frame. */
function origins(env: NodeJS.ProcessEnv): string[] {
  const texts = (env.EMBED_ORIGINS ?? '').split(/[\s,]+/).filter(text => text !== '')
  const wrong = texts.find(text => !/^https?:\/\/(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*(:(\d{1,5}|\*))?$/i.test(text))
  if (wrong === undefined) return texts
  throw new ConfigError(
    `EMBED_ORIGINS has "${wrong}"; each origin must be an address without a path, such as https://wiki.example.org`,
  )
}

function version(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name]
  if (!text || /^\d{1,6}(\.\d{1,6}){0,2}$/.test(text)) return text || undefined
  throw new ConfigError(`${name} is "${text}"; it must be a version such as 1.2.0`)
}

function serverName({ SERVER_NAME: name }: NodeJS.ProcessEnv): string | undefined {
  if (!name || /^[\w.:-]{1,100}$/.test(name)) return name || undefined
  throw new ConfigError('SERVER_NAME must have at most 100 letters, digits and the characters . : _ -')
}

function url(env: NodeJS.ProcessEnv, name: string): string {
  const text = env[name] ?? ''
  const parsed = URL.canParse(text) ? new URL(text) : undefined
  if (parsed && /^https?:$/.test(parsed.protocol) && isPlain(parsed)) return text.replace(/\/+$/, '')
  throw new ConfigError(`${name} is "${text}"; it must be an address such as https://farm.example.org`)
}

/**
 * Allows only plain characters, because the address becomes a part of other addresses, of HTML and of shell scripts.
 */
const isPlain = ({ username, pathname, search, hash }: URL): boolean =>
  username + search + hash === '' && /^(\/[A-Za-z0-9._~-]+)*\/*$/.test(pathname)

/** Reads the port for signed requests, and the address at which hosts reach this port. */
function signedEndpoint(env: NodeJS.ProcessEnv, host: string) {
  // Jobs receive the farm's address. The address in a request is not signed, so the server cannot use it here.
  if (!env.PUBLIC_URL) throw new ConfigError('SIGNED_PORT needs PUBLIC_URL: signed answers contain this address')
  const port = whole(env, 'SIGNED_PORT', 0, { min: 0, max: 65_535 })
  const publicUrl = url(env, 'PUBLIC_URL')
  const address = env.SIGNED_URL ? url(env, 'SIGNED_URL') : `http://${new URL(publicUrl).hostname}:${port}`
  if (!address.startsWith('http:'))
    throw new ConfigError(`SIGNED_URL is "${address}"; signed requests are plain http://`)
  return Object.freeze({ host: env.SIGNED_HOST || host, port, url: address })
}

/** Reads the address of a service. The message does not contain the address, because it can contain a password. */
function service(env: NodeJS.ProcessEnv, name: string, protocol: RegExp, example: string): string | undefined {
  const text = env[name]
  if (!text) return undefined
  if (URL.canParse(text) && protocol.test(new URL(text).protocol)) return text
  throw new ConfigError(`${name} is not an address such as ${example}`)
}

/** Reads the bucket and its keys. Without keys, Amazon's SDK uses the role of the machine. */
function bucketPlace(env: NodeJS.ProcessEnv): PlaceWithKeys | undefined {
  return env.STORAGE_URL ? placeAt(env, env.STORAGE_URL, 'STORAGE_URL') : undefined
}

interface PlaceWithKeys {
  place: BucketPlace
  credentials: Credentials | undefined
}

/** `what` is the word for the address in messages. */
function placeAt(env: NodeJS.ProcessEnv, url: string, what: string): PlaceWithKeys {
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = env
  if (!accessKeyId !== !secretAccessKey)
    throw new ConfigError('AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together: set both of them')
  try {
    const sessionToken = env.AWS_SESSION_TOKEN || undefined
    const credentials = accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined
    return { place: readStorageUrl(url), credentials }
  } catch (error) {
    throw error instanceof StorageUrlError ? new ConfigError(`${what} is wrong: ${error.message}`) : error
  }
}

/** Reads the address of a backup in a bucket, such as s3://bucket/farm.tar. `name` is the name of its object. */
export function readBackupUrl(url: string, env: NodeJS.ProcessEnv = process.env): PlaceWithKeys & { name: string } {
  const { place, credentials } = placeAt(env, url, 'the address of the backup')
  if (place.prefix === '')
    throw new ConfigError(
      'the address of the backup has no name: write s3://bucket/farm.tar?endpoint=https://s3.example.org',
    )
  return { place: { ...place, prefix: '' }, credentials, name: place.prefix.slice(0, -1) }
}

/** The embedded PostgreSQL needs no pooler, so this variable is useful only with DATABASE_URL. */
function directUrl(env: NodeJS.ProcessEnv): string | undefined {
  const url = service(env, 'DATABASE_DIRECT_URL', /^postgres(ql)?:$/, 'postgresql://user:password@host/database')
  if (url !== undefined && !env.DATABASE_URL)
    throw new ConfigError('DATABASE_DIRECT_URL needs DATABASE_URL: the address of PgBouncer')
  return url
}

/** The embedded PostgreSQL has no replica. */
function readUrl(env: NodeJS.ProcessEnv): string | undefined {
  const url = service(env, 'DATABASE_READ_URL', /^postgres(ql)?:$/, 'postgresql://user:password@host/database')
  if (url !== undefined && !env.DATABASE_URL)
    throw new ConfigError('DATABASE_READ_URL needs DATABASE_URL: the address of the primary')
  return url
}

/** Reads the mail server and the sender. The messages do not contain SMTP_URL, because it can contain a password. */
function mail(env: NodeJS.ProcessEnv): { smtpUrl?: string; mailFrom?: string } {
  const example = 'smtps://user:password@mail.example.org'
  const smtpUrl = service(env, 'SMTP_URL', /^smtps?:$/, example)
  if (smtpUrl === undefined) return {}
  const { hostname, searchParams } = new URL(smtpUrl)
  if (hostname === '') throw new ConfigError(`SMTP_URL is not an address such as ${example}`)
  if (!['required', 'optional', 'off'].includes(searchParams.get('starttls') ?? 'off'))
    throw new ConfigError('starttls in SMTP_URL must be required, optional or off')
  const mailFrom = env.MAIL_FROM || ''
  if (/^([^<>@\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/.test(mailFrom)) return { smtpUrl, mailFrom }
  throw new ConfigError(
    `MAIL_FROM is "${mailFrom}"; with SMTP_URL, it must be a sender such as Rumpfarm <farm@example.org>`,
  )
}

const farmWideWebhookSecret = /^WEBHOOK_SECRET(_OLD)?$/

/** The variables that farm.yaml may name. An empty value counts as not set. A webhook's secret must not be guessed. */
const namedSecrets = (env: NodeJS.ProcessEnv): ReadonlyMap<string, string> =>
  new Map(
    Object.keys(env).flatMap((name): [string, string][] => {
      if (!/^(NOTIFY|STATUS|WEBHOOK)_/.test(name) || farmWideWebhookSecret.test(name)) return []
      const value = name.startsWith('WEBHOOK_') ? given(env, name) : env[name]
      return value ? [[name, value]] : []
    }),
  )

const withPrevious = (secret: string, previous: string | undefined): readonly [string, ...string[]] =>
  previous === undefined ? [secret] : [secret, previous]

function sourcehutKeys(env: NodeJS.ProcessEnv): readonly string[] {
  const keys = (env.SOURCEHUT_WEBHOOK_KEYS ?? '').split(/[\s,]+/).filter(key => key !== '')
  if (keys.every(key => /^ed25519:[A-Za-z0-9+/]{43}=$/.test(key))) return keys
  throw new ConfigError('SOURCEHUT_WEBHOOK_KEYS must be ed25519: and the public key of the sourcehut in base64')
}

function flag(env: NodeJS.ProcessEnv, name: string): boolean {
  return oneOf(env, name, 'false', ['true', 'false']) === 'true'
}

function oneOf<Value extends string>(env: NodeJS.ProcessEnv, name: string, fallback: Value, values: Value[]): Value {
  const text = env[name] || fallback
  const found = values.find(value => value === text)
  if (found) return found
  throw new ConfigError(`${name} is "${text}"; it must be one of ${values.join(', ')}`)
}

/**
 * Reads a secret. An empty value counts as not set, because compose files can set empty variables. A short secret
 * is an error, because somebody could guess it.
 */
function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const text = env[name]
  if (!text || text.length >= secretLengthMin) return text || undefined
  throw new ConfigError(
    `${name} has ${text.length} characters; it needs at least ${secretLengthMin}: openssl rand -hex 32`,
  )
}

function sendable(token: string | undefined, name: string): string | undefined {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return token
  throw new ConfigError(`${name} has a space or another character that a header cannot contain: openssl rand -hex 32`)
}

/**
 * Reads the standard variables of OpenTelemetry. OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is the full address. The exporter
 * itself reads the other variables (OTEL_EXPORTER_OTLP_HEADERS …).
 */
function traceReceiver(env: NodeJS.ProcessEnv): { url: string; serviceName: string } | undefined {
  const [name, path] = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
    ? ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '']
    : ['OTEL_EXPORTER_OTLP_ENDPOINT', '/v1/traces']
  const base = service(env, name, /^https?:$/, 'http://collector.example:4318')?.replace(/\/+$/, '')
  return base === undefined ? undefined : { url: base + path, serviceName: env.OTEL_SERVICE_NAME || 'rumpfarm' }
}

const standardWebhooksForm = /^(whsec_)?[A-Za-z0-9+/]+={0,2}$/

function standardWebhooks(name: string, secret: string | undefined): string | undefined {
  if (secret === undefined || standardWebhooksForm.test(secret)) return secret
  throw new ConfigError(`${name} must be whsec_ and base64: echo "whsec_$(openssl rand -base64 32)"`)
}

/** Thrown if a setting is wrong. The message is for the operator. */
export class ConfigError extends Error {}

const secretFile = (dataDirectory: string, name: string) => join(dataDirectory, 'secrets', name)

/**
 * Makes a directory private, because a restored or copied directory can have other rights. If the directory belongs to
 * another user or is read-only, this function changes nothing: the operator has chosen these rights.
 */
function makePrivate(directory: string): void {
  try {
    chmodSync(directory, 0o700)
  } catch (error) {
    if (!['EPERM', 'EROFS'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}

/** Reads a secret from a file that only its owner can read. The first start makes the secret. */
function kept(dataDirectory: string, name: string, make: () => string, pattern?: RegExp): string {
  const directory = join(dataDirectory, 'secrets')
  // The data directory is not private: if root starts the server, PostgreSQL runs as another user and needs the
  // directory.
  mkdirSync(dataDirectory, { recursive: true })
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  makePrivate(directory)
  try {
    return keptSecret(secretFile(dataDirectory, name), make, pattern)
  } catch (error) {
    throw error instanceof SecretFileError ? new ConfigError(error.message) : error
  }
}
