import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundle } from '../../apps/server/build.mjs'
import { Program } from './program.ts'

const root = new URL('../../', import.meta.url)
const main = fileURLToPath(new URL('apps/server/dist/main-for-tests.js', root))

/** Bundles the server and the agent, once before a test run. Unlike `./farm start`, also bundles the npm packages. */
export async function bundleFarm(): Promise<void> {
  await bundle({ 'main-for-tests': new URL('apps/server/src/main.ts', root) }, { packagesInside: true })
  execFileSync('sh', ['apps/agent/bundle.sh', '--into', 'apps/agent/dist'], { cwd: root })
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

  private constructor(environment: Record<string, string>, directory: string) {
    this.#program = new Program([process.execPath, '--enable-source-maps', main], environment, directory)
  }

  static async start(environment: Record<string, string>, directory: string): Promise<ServerProcess> {
    if (!existsSync(main)) throw new Error(`${main} is not there: call bundleFarm() once before the tests`)
    const server = new ServerProcess(environment, directory)
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
