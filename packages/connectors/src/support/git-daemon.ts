import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { quietEnvironment } from './repository.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise(closed => server.close(closed))
  return port
}

/** Serves the repositories below a directory with git daemon, until `stop` or the end of the test. */
export async function startDaemon(root: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort()
  const options = ['--verbose', '--reuseaddr', '--export-all', '--listen=127.0.0.1', `--port=${port}`]
  const child = spawn('git', ['daemon', ...options, `--base-path=${root}`, root], {
    env: { ...quietEnvironment(), GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const ended = new Promise<void>(resolve => child.once('exit', () => resolve()))
  const stop = () => {
    child.kill()
    return ended
  }
  onTestFinished(stop)
  await new Promise<void>((resolve, reject) => {
    child.stderr.on('data', (text: Buffer) => text.includes('Ready to rumble') && resolve())
    child.once('close', () => reject(new Error('git daemon does not start')))
  })
  return { url: `git://127.0.0.1:${port}`, stop }
}
