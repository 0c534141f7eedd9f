import type { Api } from './api-client.ts'

/** Returns what to print; undefined: the words are not those of its usage. */
type Verb = (api: Api, words: string[]) => Promise<string[] | undefined>

interface Triggered {
  id: number
  url: string
  commit: string
  created: boolean
  jobsAdded: number
  /** What git said when the commit could not be looked for. */
  problem: string | null
}

const trigger: Verb = async (api, words) => {
  const again = words.includes('--again')
  const [project, ref, ...rest] = words.filter(word => word !== '--again')
  if (!project || rest.length > 0) return undefined
  const path = `/api/v1/projects/${encodeURIComponent(project)}/builds`
  const { id, url, commit, created, jobsAdded, problem } = await api.post<Triggered>(path, {
    ...(ref ? { ref } : {}),
    ...(again ? { again } : {}),
  })
  const more = jobsAdded > 0 ? `; jobs added: ${jobsAdded}` : ''
  const line = `build ${id}: ${project} at ${commit.slice(0, 12)}${created ? '' : ` (built before with this recipe${more}; --again builds it again)`}`
  return [line, ...(problem ? [problem] : []), url]
}

interface Invited {
  line: string
  signedLine: string | null
  expiresAt: string
}

const inviteHost: Verb = async (api, [what, name, ...more]) => {
  if (what !== 'invite' || !name || more.length > 0) return undefined
  const { line, signedLine, expiresAt } = await api.post<Invited>('/api/v1/hosts/invitations', { name })
  const until = `${expiresAt.slice(0, 16).replace('T', ' ')} UTC`
  const signed = signedLine ? ['Without TLS 1.2 there, run this instead (docs/hosts.md, "Old TLS"):', signedLine] : []
  return [
    line,
    `Run this line once on ${name}, before ${until}. Where there is no curl: wget -qO- in its place.`,
    ...signed,
  ]
}

const alertHost: Verb = async (api, [what, name, url, ...more]) => {
  if (what !== 'alert' || !name || !url || more.length > 0) return undefined
  const path = `/api/v1/hosts/${encodeURIComponent(name)}/alert`
  if (url === 'off') {
    await api.delete(path)
    return [`Nobody is told when ${name} falls silent.`]
  }
  const { secret } = await api.post<{ secret: string }>(path, { url })
  return [
    secret,
    `That address is told when ${name} falls silent, and when it is back. The line above signs the messages (Standard Webhooks) and is not shown again.`,
  ]
}

const host: Verb = (api, words) => (words[0] === 'alert' ? alertHost(api, words) : inviteHost(api, words))

const scopes = ['trigger', 'admin']

const createToken: Verb = async (api, [what, name, option, scope = 'trigger', ...more]) => {
  if (what !== 'create' || !name || more.length > 0) return undefined
  if ((option !== undefined && option !== '--scope') || !scopes.includes(scope)) return undefined
  const { token } = await api.post<{ token: string }>('/api/v1/tokens', { name, scope })
  return [token, `The farm keeps only its hash: store it now. Send it as "Authorization: Bearer …".`]
}

interface Listed {
  items: { name: string; scope: string; lastUsedAt: string | null; revokedAt: string | null }[]
  next: string | null
}

const listTokens: Verb = async (api, [what, ...more]) => {
  if (what !== 'list' || more.length > 0) return undefined
  const lines: string[] = []
  for (let query: string | undefined = ''; query !== undefined; ) {
    const page: Listed = await api.get<Listed>(`/api/v1/tokens${query}`)
    for (const { name, scope, lastUsedAt, revokedAt } of page.items)
      lines.push(`${name}  ${scope}  ${revokedAt ? `revoked ${revokedAt}` : `last used ${lastUsedAt ?? 'never'}`}`)
    query = page.next?.replace(/^[^?]*/, '') // its path may begin with PUBLIC_URL's, as the client's address does
  }
  return lines
}

const revokeToken: Verb = async (api, [what, name, ...more]) => {
  if (what !== 'revoke' || !name || more.length > 0) return undefined
  await api.delete(`/api/v1/tokens/${encodeURIComponent(name)}`)
  return [`The token ${name} is revoked, with its login links and browser sessions. It is refused for ever.`]
}

const tokenVerbs: Record<string, Verb> = { create: createToken, list: listTokens, revoke: revokeToken }

const token: Verb = async (api, words) => tokenVerbs[words[0] ?? '']?.(api, words)

const admin: Verb = async (api, words) => {
  if (words.length > 0) return undefined
  const { url } = await api.post<{ url: string }>('/api/v1/login-links')
  return [url]
}

export const verbs: Record<string, { run: Verb; usage: string }> = {
  trigger: { run: trigger, usage: './farm trigger PROJECT [COMMIT|BRANCH] [--again]' },
  host: { run: host, usage: './farm host invite NAME\n       ./farm host alert NAME URL|off' },
  token: {
    run: token,
    usage: `./farm token create NAME [--scope ${scopes.join('|')}], ./farm token list or ./farm token revoke NAME`,
  },
  admin: { run: admin, usage: './farm admin' },
}
