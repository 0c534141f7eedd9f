import { createSign } from 'node:crypto'
import type { Guard } from '../../notifiers/guard.ts'
import { callForge, type ForgeAnswer } from './call.ts'
import { githubHeaders } from './github.ts'
import { type GithubApp, pathOf } from './status.ts'

export type TokenOutcome = { kind: 'token'; token: string } | { kind: 'refused'; answer: ForgeAnswer; what: string }

interface Installation {
  api: string
  repository: string
  app: GithubApp
}

interface KeptToken {
  token: string
  until: number
}

/** GitHub allows at most ten minutes, and asks for a start in the past, because clocks differ. */
const jwtSeconds = 540
const clockSeconds = 60
/** A token is not used in its last minute, so that it does not end during a request. */
const marginSeconds = 60

/**
 * The tokens of a GitHub App's installations. GitHub gives a token for one hour. The farm keeps it in memory until
 * shortly before it ends. https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app
 */
export function installationTokens(guard: Guard, now: () => Date) {
  const kept = new Map<string, KeptToken>()

  const keyOf = ({ api, repository, app }: Installation) =>
    JSON.stringify([api, app.id, app.installation ?? repository])

  return {
    async get(installation: Installation): Promise<TokenOutcome> {
      const key = keyOf(installation)
      const known = kept.get(key)
      if (known && known.until > now().getTime()) return { kind: 'token', token: known.token }
      const made = await makeToken(guard, installation, now())
      if (made.kind === 'refused') return made
      kept.set(key, made)
      return { kind: 'token', token: made.token }
    },
    /** Forgets a token that GitHub does not accept any more. */
    forget: (installation: Installation) => void kept.delete(keyOf(installation)),
  }
}

type MadeToken = ({ kind: 'made' } & KeptToken) | Extract<TokenOutcome, { kind: 'refused' }>

async function makeToken(guard: Guard, { api, repository, app }: Installation, now: Date): Promise<MadeToken> {
  const headers = githubHeaders(appToken(app, now))
  let { installation } = app
  if (installation === undefined) {
    const found = await callForge(guard, {
      method: 'GET',
      url: `${api}/repos/${pathOf(repository)}/installation`,
      headers,
    })
    if (found.status !== 200 || typeof found.json.id !== 'number')
      return { kind: 'refused', answer: found, what: `the app is not installed for ${repository}, or its key is wrong` }
    installation = String(found.json.id)
  }
  const url = `${api}/app/installations/${encodeURIComponent(installation)}/access_tokens`
  const answer = await callForge(guard, { method: 'POST', url, headers })
  const { token, expires_at: until } = answer.json
  if (answer.status !== 201 || typeof token !== 'string')
    return { kind: 'refused', answer, what: `the app gets no token for installation ${installation}` }
  const ends = Date.parse(String(until)) || now.getTime() + 600_000
  return { kind: 'made', token, until: ends - marginSeconds * 1000 }
}

/** A JSON Web Token (RFC 7519) that proves the app's identity, signed with RS256. */
function appToken({ id, key }: GithubApp, now: Date): string {
  const seconds = Math.floor(now.getTime() / 1000)
  const claims = { iat: seconds - clockSeconds, exp: seconds + jwtSeconds, iss: id }
  const text = [{ alg: 'RS256', typ: 'JWT' }, claims]
    .map(part => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  return `${text}.${createSign('RSA-SHA256').update(text).sign(pemOf(key), 'base64url')}`
}

/** An environment variable often holds the key with `\n` for a line break, or in base64. */
function pemOf(key: string): string {
  const text = key.includes('-----BEGIN') ? key : Buffer.from(key, 'base64').toString()
  return text.replaceAll('\\n', '\n')
}
