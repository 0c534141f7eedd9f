import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../apps/server/build.mjs'
import { Program } from './program.ts'

const root = new URL('../../', import.meta.url)
const dist = fileURLToPath(new URL('apps/server/dist/', root))
const loader = fileURLToPath(new URL('load-bundle.cjs', import.meta.url))
const prefix = 'main-for-tests.'

/**
 * Bundles the server and the agent, once before a test run. Unlike `./farm start`, also bundles the npm packages. The bundle's
 * name contains a hash of its text, because the compiled code beside it fits only this text.
 */
export async function bundleFarm(): Promise<void> {
  const draft = `draft-for-tests-${process.pid}` // vitest and Playwright bundle at the same time
  await bundle({ [draft]: new URL('apps/server/src/main.ts', root) }, { packagesInside: true })
  const file = join(dist, `${draft}.js`)
  const name = `${prefix}${createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16)}.js`
  renameSync(file, join(dist, name))
  for (const old of readdirSync(dist))
    if (old.startsWith(prefix) && !old.startsWith(name)) rmSync(join(dist, old), { force: true })
  execFileSync('sh', ['apps/agent/bundle.sh', '--into', 'apps/agent/dist'], { cwd: root })
}

/** The bundle of the newest `bundleFarm`. */
const findBundle = (): string => {
  const names = existsSync(dist) ? readdirSync(dist) : []
  const name = names.find(name => name.startsWith(prefix) && name.endsWith('.js'))
  if (!name) throw new Error(`${dist} has no bundle for tests: call bundleFarm() once before the tests`)
  return join(dist, name)
}

/** A line of the server's log. */
export interface LogLine {
  level: number
  msg: string
  address?: string
  [field: string]: unknown
}

/** A real server process with only the given environment. */
export class ServerProcess {
  readonly #program: Program
  #url = ''

  private constructor(environment: Record<string, string>, directory: string, within: readonly string[]) {
    this.#program = new Program([...within, process.execPath, loader, findBundle()], environment, directory)
  }

  /** `within` is a command that runs the server, for example in another network. */
  static async start(
    environment: Record<string, string>,
    directory: string,
    within: readonly string[] = [],
  ): Promise<ServerProcess> {
    const server = new ServerProcess(environment, directory, within)
    server.#url = await server.said('where it answers', line => line.address)
    return server
  }

  get url(): string {
    return this.#url
  }

  get pid(): number | undefined {
    return this.#program.child.pid
  }

  get running(): boolean {
    return this.#program.running
  }

  get lines(): readonly string[] {
    return this.#program.lines
  }

  /** Waits for a log line from line `after` on, for which `pick` returns a value. */
  said<T>(what: string, pick: (line: LogLine) => T | undefined, after = 0): Promise<T> {
    return this.#program.line(what, text => withLog(text, pick), after)
  }

  async stop(): Promise<void> {
    if (this.running && !(await this.#program.stop()))
      throw new Error(`the server did not close in time; its last lines:\n${this.lines.slice(-20).join('\n')}`)
  }

  kill9(): Promise<void> {
    return this.#program.kill9()
  }
}

function withLog<T>(text: string, pick: (line: LogLine) => T | undefined): T | undefined {
  try {
    return pick(JSON.parse(text))
  } catch {
    return undefined // output of node itself, such as a warning
  }
}
