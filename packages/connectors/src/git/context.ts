import { existsSync, realpathSync } from 'node:fs'
import { localPath } from './addresses.ts'
import { type Environment, gitEnvironment, quietSsh } from './environment.ts'
import { type GitCall, type GitText, type RunningGit, startGit } from './run.ts'

export interface GitLimits {
  /** For one look at a repository's branches. */
  lookSeconds: number
  /** For one fetch: src-netbsd's 40 MB from afar takes minutes. */
  fetchSeconds: number
  /** For one tarball, or one look into the mirror. */
  archiveSeconds: number
}

export const defaultGitLimits: GitLimits = { lookSeconds: 60, fetchSeconds: 1800, archiveSeconds: 600 }

export type GitStart = Pick<GitCall, 'args' | 'seconds'> & { cwd?: string; also?: Record<string, string> }

/** How this farm runs git: its environment, its limits, and what runs now. */
export interface Git {
  limits: GitLimits
  text: (start: GitStart) => Promise<GitText>
  stream: (start: GitStart) => Promise<RunningGit>
  /** Ends everything that runs. */
  close: () => void
}

export function openGit(environment: Environment, limits: GitLimits): Git {
  const running = new Set<() => void>()
  const base = gitEnvironment(environment)
  const ready = withQuietSsh(base)
  const call = async ({ also, ...start }: GitStart): Promise<GitCall> => ({
    ...start,
    env: { ...(await ready), ...also },
  })
  const stream = async (start: GitStart) => {
    const git = startGit(await call(start))
    running.add(git.kill)
    git.ended.then(() => running.delete(git.kill))
    return git
  }
  const close = () => {
    for (const kill of running) kill()
  }
  return { limits, text: start => collect(stream(start)), stream, close }
}

/** An administrator's own ssh command wins; git would let ours hide a core.sshCommand. */
async function withQuietSsh(env: Record<string, string>): Promise<Record<string, string>> {
  if (env.GIT_SSH_COMMAND !== undefined || env.GIT_SSH !== undefined) return env
  const asked = startGit({ args: ['config', '--get', 'core.sshCommand'], seconds: 10, env, cwd: '/' })
  asked.stdout.resume()
  return (await asked.ended).kind === 'ok' ? env : { ...env, GIT_SSH_COMMAND: quietSsh }
}

const outputBytesMax = 16_000_000

/** Keeps what git prints, at most 16 MB. */
async function collect(starting: Promise<RunningGit>): Promise<GitText> {
  const git = await starting
  const pieces: Buffer[] = []
  let bytes = 0
  git.stdout.on('data', (piece: Buffer) => {
    bytes += piece.length
    if (bytes > outputBytesMax) git.kill()
    else pieces.push(piece)
  })
  const end = await git.ended
  if (bytes > outputBytesMax)
    return { kind: 'failed', message: `git printed more than ${outputBytesMax} bytes`, exit: null }
  return end.kind === 'ok' ? { kind: 'ok', stdout: Buffer.concat(pieces) } : end
}

/**
 * git touches no repository of another user's (safe.directory). farm.yaml or the administrator names this path, so the
 * farm vouches for it, and for nothing else.
 */
export const vouchFor = (path: string): string[] => safePlaces(path).flatMap(place => ['-c', `safe.directory=${place}`])

/** The same for the upload-pack that git starts for a path, without handing our settings on to it. */
export function uploadPack(repository: string): string[] {
  const path = localPath(repository)
  if (!path) return []
  const vouch = safePlaces(path).map(place => `-c safe.directory=${quote(place)}`)
  return [`--upload-pack=git ${vouch.join(' ')} upload-pack`]
}

/** git takes /srv/git/x.git for /srv/git/x where only the former exists; `git -C` does not. */
export const withSuffix = (path: string): string =>
  !existsSync(path) && existsSync(`${path}.git`) ? `${path}.git` : path

/** git compares with the real path of the directory, or of its .git. */
function safePlaces(path: string): string[] {
  const plain = withSuffix(path.replace(/(?<=.)\/+$/, ''))
  const real = existsSync(plain) ? realpathSync(plain) : plain
  return [...new Set([plain, real])].flatMap(place => [place, `${place}/.git`])
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
