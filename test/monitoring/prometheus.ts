import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runs } from '../hosts/command.ts'
import { Debian, unpack } from '../hosts/debian.ts'
import { freePort, Program } from '../support/program.ts'
import { eventually } from '../support/waiting.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const docs = join(root, 'docs/monitoring')
const processors: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }

/** The directory of prometheus and promtool: empty if they are in PATH, else from Debian's package. */
export async function prometheusDirectory(): Promise<string> {
  if ((await runs('prometheus', '--version')) && (await runs('promtool', '--version'))) return ''
  const directory = join(root, '.farm/monitoring')
  const unpacked = join(directory, 'root')
  const bin = join(unpacked, 'usr/bin')
  if (existsSync(join(bin, 'promtool'))) return `${bin}/`
  mkdirSync(unpacked, { recursive: true })
  const debian = new Debian(directory, processors[process.arch] ?? process.arch)
  await unpack([await debian.package('prometheus')], unpacked)
  return `${bin}/`
}

export interface Sample {
  metric: Record<string, string>
  /** The time in seconds, and the value as text. */
  value: [number, string]
}

/** A real Prometheus that reads servers every second, with the alert rules of docs/monitoring. */
export class Prometheus {
  readonly #program: Program
  readonly #url: string

  private constructor(program: Program, url: string) {
    this.#program = program
    this.#url = url
  }

  static async start(bin: string, directory: string, targets: readonly string[], token: string): Promise<Prometheus> {
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [join(docs, 'alerts.yml')],
      scrape_configs: [{ job_name: 'rumpfarm', authorization: { credentials: token }, static_configs: [{ targets }] }],
    }
    const file = join(directory, 'prometheus.yml')
    writeFileSync(file, JSON.stringify(config)) // JSON is also YAML
    const address = `127.0.0.1:${await freePort()}`
    const words = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'prometheus')}`,
      `--web.listen-address=${address}`,
    ]
    const program = new Program([`${bin}prometheus`, ...words], { PATH: process.env.PATH ?? '' }, directory)
    await program.line('that it is ready', line => (line.includes('ready to receive') ? line : undefined))
    return new Prometheus(program, `http://${address}`)
  }

  async get<T>(path: string): Promise<T> {
    const response = await fetch(`${this.#url}${path}`)
    const { data, error } = (await response.json()) as { data: T; error?: string }
    if (!response.ok) throw new Error(`${path}: ${error}`)
    return data
  }

  async query(expression: string): Promise<Sample[]> {
    const { result } = await this.get<{ result: Sample[] }>(`/api/v1/query?query=${encodeURIComponent(expression)}`)
    return result
  }

  /** Waits until a query returns a sample with a value that is not zero. */
  waitFor(expression: string): Promise<Sample[]> {
    return eventually(expression, async () => {
      const samples = await this.query(expression)
      return samples.some(({ value }) => Number(value[1]) > 0) ? samples : undefined
    })
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }
}
