import { fileURLToPath } from 'node:url'
import { Program } from '../support/program.ts'
import { onItsOwnCore } from './scene.ts'
import { cpuMs, untilQuiet } from './usage.ts'
import { Wire } from './wire.ts'

// This code runs as part of a bundle, and control.js is in the directory of the bundle.
const control = fileURLToPath(new URL('control.js', import.meta.url))

/** Runs the minimal server of control.ts on the same core as the farm's server. */
export async function startControl(file: string) {
  const environment = { PATH: process.env.PATH ?? '' }
  const program = new Program([...onItsOwnCore, process.execPath, control, file], environment, '/')
  const url = await program.line('where it listens', line => /^listens (.*)/.exec(line)?.[1])
  const pid = program.child.pid as number
  const wire = new Wire(url)
  return {
    /** The server's CPU milliseconds per megabyte, for this number of chunks. */
    async costOf(count: number, chunk: Uint8Array): Promise<number> {
      const before = cpuMs(pid)
      for (let at = 0; at < count; at++) await wire.send('/', chunk)
      await untilQuiet(pid)
      return (cpuMs(pid) - before) / ((count * chunk.length) / 1e6)
    },
    async stop() {
      wire.close()
      await program.stop()
    },
  }
}
