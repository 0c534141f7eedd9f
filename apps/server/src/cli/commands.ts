import type { ParseArgsOptionsConfig } from 'node:util'
import { type FarmClient, items } from '@rumpfarm/client'

/** The values of the options. */
type Values = Record<string, string | boolean | (string | boolean)[] | undefined>

export interface Command {
  usage: string
  options?: ParseArgsOptionsConfig
  /** Returns the lines to print; undefined if the arguments do not match the usage. */
  run: (api: FarmClient, args: string[], values: Values) => Promise<string[] | undefined>
}

type Run = Command['run']

const trigger: Run = async (api, [project, ref, ...rest], { again }) => {
  if (!project || rest.length > 0) return undefined
  const { id, url, commit, created, jobsAdded, problem } = await api.post('/api/v1/projects/{name}/builds', {
    params: { path: { name: project } },
    body: { ...(ref ? { ref } : {}), ...(again ? { again: true } : {}) },
  })
  const added = jobsAdded > 0 ? `; jobs added: ${jobsAdded}` : ''
  const existing = created ? '' : ` (already built with this recipe${added}; --again builds it again)`
  return [`build ${id}: ${project} at ${commit.slice(0, 12)}${existing}`, ...(problem ? [problem] : []), url]
}

const bisect: Run = async (api, [project, host, arch, variant, ...rest], { branch, start }) => {
  if (!project || !host || !arch || rest.length > 0) return undefined
  const body = { project, host, arch, ...(variant ? { variant } : {}), ...(branch ? { branch: String(branch) } : {}) }
  const { id, url, created, price } = await api.post('/api/v1/bisections', { body: { ...body, dryRun: !start } })
  const priceLine = price ?? 'price unknown: the farm has not read the commits yet'
  if (id === null) return [priceLine, 'Add --start to start the bisection.']
  return [
    created ? `bisection ${id}: ${priceLine}` : `bisection ${id} already searches this failure`,
    ...(url ? [url] : []),
  ]
}

const inviteHost: Run = async (api, [name, ...rest]) => {
  if (!name || rest.length > 0) return undefined
  const { line, signedLine, expiresAt } = await api.post('/api/v1/hosts/invitations', { body: { name } })
  const until = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`
  const signed = signedLine
    ? ['If the host has no TLS 1.2, run this line instead (docs/hosts.md, "Old TLS"):', signedLine]
    : []
  return [line, `Run this line once on ${name}, before ${until}. Without curl, use wget -qO- instead.`, ...signed]
}

const alertHost: Run = async (api, [name, url, ...rest]) => {
  if (!name || !url || rest.length > 0) return undefined
  const params = { path: { name } }
  if (url === 'off') {
    await api.delete('/api/v1/hosts/{name}/alert', { params })
    return [`Alerts for ${name} are off.`]
  }
  const { secret } = await api.post('/api/v1/hosts/{name}/alert', { params, body: { url } })
  return [
    secret,
    `The farm sends an alert to that address when ${name} becomes silent, and when it is back. The line above is the secret that signs these messages (Standard Webhooks). The secret is not shown again.`,
  ]
}

const scopes = ['trigger', 'admin'] as const

const createToken: Run = async (api, [name, ...rest], { scope = 'trigger' }) => {
  const known = scopes.find(one => one === scope)
  if (!name || rest.length > 0 || !known) return undefined
  const { token } = await api.post('/api/v1/tokens', { body: { name, scope: known } })
  return [token, 'Store the token now: the farm keeps only its hash. Send it as "Authorization: Bearer …".']
}

const listTokens: Run = async (api, rest) => {
  if (rest.length > 0) return undefined
  const lines: string[] = []
  for await (const { name, scope, lastUsedAt, revokedAt } of items(api, '/api/v1/tokens'))
    lines.push(`${name}  ${scope}  ${revokedAt ? `revoked ${revokedAt}` : `last used ${lastUsedAt ?? 'never'}`}`)
  return lines
}

const revokeToken: Run = async (api, [name, ...rest]) => {
  if (!name || rest.length > 0) return undefined
  await api.delete('/api/v1/tokens/{name}', { params: { path: { name } } })
  return [`The token ${name} is permanently revoked, with its login links and browser sessions.`]
}

const admin: Run = async (api, rest) => {
  if (rest.length > 0) return undefined
  const { url } = await api.post('/api/v1/login-links')
  return [url]
}

/** Runs the function that the first argument names. */
const oneOf =
  (actions: Record<string, Run>): Run =>
  async (api, [action = '', ...rest], values) =>
    actions[action]?.(api, rest, values)

const token = oneOf({ create: createToken, list: listTokens, revoke: revokeToken })

export const commands: Record<string, Command> = {
  trigger: {
    usage: './farm trigger PROJECT [COMMIT|BRANCH] [--again]',
    options: { again: { type: 'boolean' } },
    run: trigger,
  },
  bisect: {
    usage: './farm bisect PROJECT HOST ARCH [VARIANT] [--branch BRANCH] [--start]',
    options: { branch: { type: 'string' }, start: { type: 'boolean' } },
    run: bisect,
  },
  host: {
    usage: './farm host invite NAME\n       ./farm host alert NAME URL|off',
    run: oneOf({ invite: inviteHost, alert: alertHost }),
  },
  token: {
    usage: `./farm token create NAME [--scope ${scopes.join('|')}], ./farm token list or ./farm token revoke NAME`,
    options: { scope: { type: 'string' } },
    run: async (api, args, values) =>
      values.scope !== undefined && args[0] !== 'create' ? undefined : token(api, args, values),
  },
  admin: { usage: './farm admin', run: admin },
}
