// `./farm chaos`: breaks the parts of a farm again and again, while its hosts run jobs.
import { parseArgs } from 'node:util'
import type { ChaosChoice } from '../chaos/chaos.ts'
import { type StorageKind, storages } from '../chaos/storages.ts'
import { runVisibly } from './command.ts'

const usage = `usage: ./farm chaos [--minutes N] [--servers N]… [--storage directory|s3]… [--hosts N] [--seed N] [--only WORDS]
Without options: 5 minutes each with one and with three servers, with a directory and with a bucket; two hosts; a random seed,
which is printed. --only: only faults whose names contain these words. The exit code is 1 if something is wrong at the end.`

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    minutes: { type: 'string', default: '5' },
    servers: { type: 'string', multiple: true, default: ['1', '3'] },
    storage: { type: 'string', multiple: true, default: [...storages] },
    hosts: { type: 'string', default: '2' },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) {
  console.log(usage)
  process.exit(0)
}

const number = (name: string, text: string): number => {
  const value = Number(text)
  if (value > 0 && Number.isFinite(value)) return value
  console.error(`--${name} is "${text}"; it must be a number greater than 0\n${usage}`)
  process.exit(2)
}

function storageOf(text: string): StorageKind {
  const storage = storages.find(each => each === text)
  if (storage) return storage
  console.error(`--storage is "${text}"; it must be ${storages.join(' or ')}\n${usage}`)
  process.exit(2)
}

const choice: ChaosChoice = {
  seed: values.seed === undefined ? Math.floor(Math.random() * 1_000_000) + 1 : number('seed', values.seed),
  minutes: number('minutes', values.minutes),
  hosts: number('hosts', values.hosts),
  servers: values.servers.map(text => number('servers', text)),
  storages: values.storage.map(storageOf),
  only: values.only,
}
process.exitCode = await runVisibly('vitest', ['run', '--config', 'test/chaos/vitest.config.ts'], {
  CHAOS: JSON.stringify(choice),
})
