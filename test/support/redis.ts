import { once } from 'node:events'
import { connect } from 'node:net'
import { freePort, Program } from './program.ts'

/** A Redis for one test, without files on disk. When Redis stops, it loses its data, as after the loss of a machine. */
export class TestRedis {
  readonly port: number
  readonly #directory: string
  readonly #address: string | undefined
  #program: Program

  private constructor(port: number, directory: string, address?: string) {
    this.port = port
    this.#directory = directory
    this.#address = address
    this.#program = launch(port, directory, address)
  }

  /** `address` is where Redis listens, beside 127.0.0.1. */
  static async open(directory: string, address?: string): Promise<TestRedis> {
    const redis = new TestRedis(await freePort(), directory, address)
    await redis.#ready()
    return redis
  }

  get url(): string {
    return `redis://${this.#address ?? '127.0.0.1'}:${this.port}`
  }

  get pid(): number | undefined {
    return this.#program.child.pid
  }

  async stop(): Promise<void> {
    await this.#program.kill9()
  }

  async start(): Promise<void> {
    this.#program = launch(this.port, this.#directory, this.#address)
    await this.#ready()
  }

  /** Deletes every key of the running Redis. */
  async flush(): Promise<void> {
    const said = await this.ask('FLUSHALL')
    if (!said.startsWith('+OK')) throw new Error(`FLUSHALL was answered: ${said}`)
  }

  /** Sends one inline command on a separate connection. */
  async ask(command: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1')
    socket.end(`${command}\r\nQUIT\r\n`)
    let said = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      said += piece
    })
    await once(socket, 'close')
    return said
  }

  #ready(): Promise<true> {
    return this.#program.line('that it is ready', line => /Ready to accept connections/.test(line) || undefined)
  }
}

const launch = (port: number, directory: string, address?: string): Program => {
  const bind = ['127.0.0.1', ...(address === undefined ? [] : [address, '--protected-mode', 'no'])]
  const settings = ['--port', `${port}`, '--bind', ...bind, '--save', '', '--appendonly', 'no', '--dir', directory]
  return new Program(['redis-server', ...settings], { PATH: process.env.PATH ?? '' }, directory)
}
