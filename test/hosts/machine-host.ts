import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quote } from '../../apps/agent/spec/support/host.ts'
import { AgentHost } from '../support/agent-host.ts'
import { emulatorOf } from './disks.ts'
import type { Machine } from './machines.ts'

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url))

/** Adds user and mount namespaces, in which a machine can mount its disk and register its emulator without root. */
const walls = ['-Ur', '--mount', 'sh', here('enter.sh')]

/** A machine of another kind. Its own disk has only the programs that real machines of this kind have. */
export class MachineHost extends AgentHost {
  override readonly slowness: number
  readonly #shell = here('inside.sh')

  constructor(name: string, machine: Machine, disk: string) {
    super(name, {
      shell: { program: here('inside.sh'), as: 'machine' },
      environment: environmentOf(machine, disk),
      patienceMs: 30_000 * machine.slowness,
      walls,
    })
    this.slowness = machine.slowness
  }

  /** Copies the certificate of the authority to the machine, as its owner would. */
  trust(certificate: string): void {
    mkdirSync(this.dir, { recursive: true, mode: 0o700 })
    writeFileSync(join(this.dir, 'ca.pem'), certificate)
  }

  /** Runs shell text in the shell of the machine. */
  override run(text: string): Promise<string> {
    return super.run(`${quote(this.#shell)} -c ${quote(text)}`)
  }

  override async processes(text: string): Promise<string[]> {
    const found = await super.processes('')
    return found.map(line => line.replace(/\S*qemu\S* /, '')).filter(line => line.includes(text))
  }
}

const environmentOf = ({ qemu, cpu, release, disk, client }: Machine, directory: string): Record<string, string> => ({
  MACHINE_DISK: directory,
  MACHINE_PATH: '/bin:/usr/bin',
  MACHINE_SHELL: '/bin/sh',
  ...(qemu === undefined ? {} : { MACHINE_BINFMT: formatOf(qemu) }),
  ...(client === undefined ? {} : { MACHINE_CLIENT: client }),
  ...(cpu === undefined ? {} : { QEMU_CPU: cpu }),
  ...(release === undefined ? {} : { QEMU_UNAME: release }),
  ...(disk.kind === 'restricted' ? { MACHINE_NATIVE: 'yes', ...(disk.hasProc ? {} : { MACHINE_PROC: 'no' }) } : {}),
})

/** For 32-bit PC programs Debian registers no emulator, because a PC runs them itself. Here qemu must run them. */
const i386 = `:qemu-i386:M::${hex('7f454c4601010100000000000000000002000300')}:${hex('fffffffffffefe00fffffffffffffffffeffffff')}:${emulatorOf('i386')}:OPF`

/**
 * The line that registers the emulator in binfmt_misc. With the flag F in this line, the kernel opens the emulator at
 * the registration. So the disk does not need to contain the emulator.
 */
function formatOf(qemu: string): string {
  if (qemu === 'i386') return i386
  const file = `/usr/lib/binfmt.d/qemu-${qemu}.conf`
  const line = existsSync(file) ? readFileSync(file, 'utf8').match(/^:.*$/m)?.[0] : undefined
  if (line === undefined) throw new Error(`${file} does not describe the programs of ${qemu}`)
  return line
}

function hex(digits: string): string {
  return digits.replace(/../g, '\\x$&')
}
