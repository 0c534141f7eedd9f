import { type Environment, gitEnvironment, quietSsh } from './environment.ts'
import type { GitLimits, GitRunner, GitStart } from './git-runner.ts'
import { ObjectReaders } from './object-readers.ts'
import { type GitCall, type GitText, type RunningGit, startGit } from './run.ts'
import { Wire } from './wire/wire.ts'

/** Runs git with the farm's environment and limits. */
export interface Git extends GitRunner {
  /** Processes that stay alive and read the mirrors. */
  readers: ObjectReaders
  /** Lists refs and fetches commits without processes. */
  wire: Wire
  /** Kills all running git processes. */
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
  const git = { limits, variables: Object.keys(base), text: (start: GitStart) => collect(stream(start)), stream }
  const readers = new ObjectReaders(git)
  const wire = new Wire(git)
  const close = () => {
    wire.close()
    for (const kill of running) kill()
  }
  return { ...git, readers, wire, close }
}

/**
 * Sets GIT_SSH_COMMAND to the farm's ssh command, unless the administrator has configured an ssh command. If
 * GIT_SSH_COMMAND is set, git ignores core.sshCommand.
 */
async function withQuietSsh(env: Record<string, string>): Promise<Record<string, string>> {
  if (env.GIT_SSH_COMMAND !== undefined || env.GIT_SSH !== undefined) return env
  const asked = startGit({ args: ['config', '--get', 'core.sshCommand'], seconds: 10, env, cwd: '/' })
  asked.stdout.resume()
  return (await asked.ended).kind === 'ok' ? env : { ...env, GIT_SSH_COMMAND: quietSsh }
}

const outputBytesMax = 16_000_000

/** Waits until git ends, and returns its output of at most 16 MB. */
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
