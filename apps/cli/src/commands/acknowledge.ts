import type { components } from '@rumpfarm/client'
import { command, type Group, UsageError } from '../parsing/command.ts'
import { clean } from '../terminal/clean.ts'

type Acknowledgement = components['schemas']['Acknowledgement']

const path = '/api/v1/projects/{name}/acknowledgements'
const project = { says: 'the project', completes: 'project' } as const

const lineOf = (one: Acknowledgement): string => {
  const { branch, host, arch, variant, fingerprint, link } = one
  const of = one.kind === 'cell' ? `${branch} ${host} ${arch} ${variant}` : fingerprint
  const until = one.expiresAt.slice(0, 10)
  return `${one.id}  ${of}  until ${until}  ${clean(`${one.owner}: ${one.note}${link === null ? '' : ` ${link}`}`)}`
}

const list = command({
  says: 'List the acknowledged failures of a project.',
  args: { project },
  async run({ farm }, { args }) {
    const found = await (await farm()).get(path, { params: { path: { name: args.project } } })
    return { value: found, lines: found.items.map(lineOf) }
  },
})

/** The failure with a fingerprint, or the failure of a cell: branch, host, arch and variant. */
function failureOf(words: readonly string[]) {
  const [first, host, arch, variant, ...rest] = words
  if (first !== undefined && host === undefined) return { fingerprint: first }
  if (first && host && arch && variant && rest.length === 0) return { branch: first, host, arch, variant }
  throw new UsageError('name a FINGERPRINT, or a cell: BRANCH HOST ARCH VARIANT')
}

const add = command({
  says: 'Acknowledge a failure in every cell of a project, or the failure of one cell.',
  args: {
    project,
    failure: { many: true, shown: 'FINGERPRINT|BRANCH HOST ARCH VARIANT', says: 'a fingerprint, or a cell' },
  },
  flags: {
    note: { kind: 'text', value: 'TEXT', says: 'why the failure is known; required' },
    owner: { kind: 'text', value: 'NAME', says: 'who takes care of it; required' },
    link: { kind: 'text', value: 'ADDRESS', says: 'a bug report' },
    days: { kind: 'number', value: 'NUMBER', min: 1, max: 365, says: 'when it expires; by default after 30 days' },
  },
  async run({ farm, program }, { args, flags: { note, owner, link, days } }) {
    const failure = failureOf(args.failure)
    if (note === undefined || owner === undefined) throw new UsageError('--note TEXT and --owner NAME are required')
    const acknowledged = await (await farm()).post(path, {
      params: { path: { name: args.project } },
      body: { ...failure, note, owner, ...(link ? { link } : {}), ...(days ? { days } : {}) },
    })
    const { id, expiresAt } = acknowledged
    const line = `Acknowledgement ${id} is active until ${expiresAt.slice(0, 10)}. To end it earlier: ${program} acknowledge end ${id}`
    return { value: acknowledged, lines: [line] }
  },
})

const end = command({
  says: 'End an acknowledgement.',
  args: { number: { number: true, says: 'the number of the acknowledgement' } },
  async run({ farm }, { args }) {
    await (await farm()).delete('/api/v1/acknowledgements/{id}', { params: { path: { id: args.number } } })
    const line = `Acknowledgement ${args.number} has ended. The failure counts again.`
    return { value: { ended: args.number }, lines: [line] }
  },
})

export const acknowledge: Group = {
  says: 'Acknowledge a failure, so that pages show it quietly until it changes.',
  commands: { list, add, end },
}
