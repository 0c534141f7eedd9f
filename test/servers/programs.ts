import { existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { runs } from '../hosts/command.ts'
import { Debian, unpack } from '../hosts/debian.ts'

export type Kind = 'nginx' | 'haproxy'

const processors: Record<string, string> = { x64: 'amd64', arm64: 'arm64' }
const triplet = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
const packages: Record<Kind, readonly string[]> = {
  nginx: ['nginx'],
  haproxy: ['haproxy', 'liblua5.3-0', 'libopentracing-c-wrapper0', 'libopentracing1'],
}

export interface Found {
  program: string
  /** The directory of its libraries; empty if the system has them. */
  libraries: string
}

/** The program: from PATH, or from Debian's packages, which it downloads to .farm/servers. */
export async function findProgram(kind: Kind): Promise<Found> {
  if (await runs(kind, '-v')) return { program: kind, libraries: '' }
  const directory = resolve('.farm/servers', kind)
  const unpacked = join(directory, 'root')
  const found = { program: join(unpacked, 'usr/sbin', kind), libraries: join(unpacked, 'usr/lib', triplet) }
  if (existsSync(found.program)) return found
  mkdirSync(unpacked, { recursive: true })
  const debian = new Debian(directory, processors[process.arch] ?? process.arch)
  const files: string[] = []
  for (const name of packages[kind]) files.push(await debian.package(name))
  await unpack(files, unpacked)
  return found
}
