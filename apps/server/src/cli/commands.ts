import { type FarmClient, items } from '@rumpfarm/client'
import { acknowledge } from './acknowledge.ts'
import { type Command, oneOf, type Run, type Values } from './command.ts'

/** The patterns of an option that can occur several times. */
const patternsOf = (value: Values[string]): string[] | undefined =>
  Array.isArray(value) ? value.map(String) : undefined

const trigger: Run = async (api, [project, ref, ...rest], { again, host, arch, variant }) => {
  if (!project || rest.length > 0) return undefined
  const [hosts, arches, variants] = [patternsOf(host), patternsOf(arch), patternsOf(variant)]
  const { id, url, commit, created, jobsAdded, problem } = await api.post('/api/v1/projects/{name}/builds', {
    params: { path: { name: project } },
    body: {
      ...(ref ? { ref } : {}),
      ...(again ? { again: true } : {}),
      ...(hosts ? { hosts } : {}),
      ...(arches ? { arches } : {}),
      ...(variants ? { variants } : {}),
    },
  })
  const added = jobsAdded > 0 ? `; jobs added: ${jobsAdded}` : ''
  const existing = created ? '' : ` (already built with this recipe${added}; --again builds it again)`
  return [`build ${id}: ${project} at ${commit.slice(0, 12)}${existing}`, ...(problem ? [problem] : []), url]
}

/** Starts a second bisection inside the merge that a bisection named. */
const lookInsideMerge = async (api: FarmClient, number: string): Promise<string[] | undefined> => {
  if (!/^[1-9]\d{0,8}$/.test(number)) return undefined
  const path = { id: Number(number) }
  const inner = await api.post('/api/v1/bisections/{id}/inside-merge', { params: { path } })
  return [`bisection ${inner.id} looks inside the merge ${inner.badCommit.slice(0, 12)}`]
}

const bisect: Run = async (api, args, { branch, start, 'inside-merge': merge }) => {
  if (merge !== undefined) return args.length > 0 ? undefined : lookInsideMerge(api, String(merge))
  const [project, host, arch, variant, ...rest] = args
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

const token = oneOf({ create: createToken, list: listTokens, revoke: revokeToken })

export const commands: Record<string, Command> = {
  acknowledge,
  trigger: {
    usage: './farm trigger PROJECT [COMMIT|BRANCH] [--again] [--host PATTERN]… [--arch PATTERN]… [--variant PATTERN]…',
    options: {
      again: { type: 'boolean' },
      host: { type: 'string', multiple: true },
      arch: { type: 'string', multiple: true },
      variant: { type: 'string', multiple: true },
    },
    run: trigger,
  },
  bisect: {
    usage:
      './farm bisect PROJECT HOST ARCH [VARIANT] [--branch BRANCH] [--start]\n       ./farm bisect --inside-merge BISECTION',
    options: { branch: { type: 'string' }, start: { type: 'boolean' }, 'inside-merge': { type: 'string' } },
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
