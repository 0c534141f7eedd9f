import type { HostFacts, OwnerRule } from '@rumpfarm/contracts'
import { cut, isWireName, lineValue, readLines, wireNumber } from '@rumpfarm/contracts'
import type { DeclaredArch } from '@rumpfarm/farm'

/** The message with which an agent enrols or says hello. */
export interface HostFactsMessage {
  version: string
  facts: HostFacts
  lines: [string, string][]
}

export type Read<T> = { kind: 'read'; value: T } | { kind: 'problem'; problem: string }

/** The keys of the protocol. Each other key is a fact of the host. */
const protocolKeys = new Set([
  'token',
  'nonce',
  'protocol',
  'version',
  'instance',
  'previous',
  'slots',
  'arch',
  'unable',
  'allow',
  'deny',
  'forks',
  'credential',
])
const factsMax = 200

export function readHostFacts(body: Buffer): Read<HostFactsMessage> {
  const read = readLines(body.toString('utf8'))
  if (read.kind === 'malformed') return problem(read.problem)
  const protocol = lineValue(read.lines, 'protocol') ?? '1'
  if (protocol !== '1') return problem(`this farm supports protocol 1, not ${protocol}`)
  const facts = read.lines.filter(([key]) => !protocolKeys.has(key))
  if (facts.length > factsMax) return problem(`more than ${factsMax} facts`)
  const version = lineValue(read.lines, 'version') ?? ''
  if (!isWireName(version)) return problem('the line "version" is missing or malformed')
  return { kind: 'read', value: { version, facts: Object.fromEntries(facts.map(short)), lines: read.lines } }
}

const short = ([key, value]: [string, string]): [string, string] => [key, cut(value, 1000)]
const problem = (text: string): { kind: 'problem'; problem: string } => ({ kind: 'problem', problem: text })

const slotsMax = 64
const archesMax = 64
const rulesMax = 200

/** The contents of a hello message, without the facts about the host. */
export interface Hello {
  instance: string
  previous: string | undefined
  slots: number
  arches: DeclaredArch[]
  rules: OwnerRule[]
}

export function readHello(lines: [string, string][]): Read<Hello> {
  const instance = lineValue(lines, 'instance') ?? ''
  if (!isWireName(instance)) return problem('the line "instance" is missing or malformed')
  const previous = lineValue(lines, 'previous')
  if (previous !== undefined && !isWireName(previous)) return problem('the line "previous" is malformed')
  const slots = wireNumber(lineValue(lines, 'slots') ?? '1')
  if (slots === undefined || slots < 1 || slots > slotsMax)
    return problem(`"slots" must be a number from 1 to ${slotsMax}`)
  const declared = lines.filter(([key]) => key === 'arch').map(([, value]) => readArch(value))
  const wrong = declared.find(arch => typeof arch === 'string')
  if (typeof wrong === 'string') return problem(`"arch ${wrong}" must have the form: arch NAME native|cross COMPILER`)
  const unable = lines.filter(([key]) => key === 'unable').map(([, value]) => readUnable(value))
  const unclear = unable.find(arch => typeof arch === 'string')
  if (typeof unclear === 'string')
    return problem(`"unable ${unclear}" must have the form: unable NAME native|cross REASON`)
  const arches = [...declared, ...unable].filter(arch => typeof arch !== 'string')
  if (arches.length > archesMax) return problem(`more than ${archesMax} arches`)
  if (new Set(arches.map(({ arch }) => arch)).size < arches.length) return problem('an arch is declared twice')
  const rules = lines.flatMap(readRule)
  if (rules.length > rulesMax) return problem(`more than ${rulesMax} lines of allow and deny`)
  return { kind: 'read', value: { instance, previous, slots, arches, rules } }
}

function readArch(text: string): DeclaredArch | string {
  const [arch = '', kind = '', ...compiler] = text.split(' ')
  if (!isWireName(arch) || arch.length > 64 || (kind !== 'native' && kind !== 'cross')) return text
  return { arch, kind, compiler: cut(compiler.join(' '), 200) }
}

/** `unable NAME native|cross REASON`: the host declares this arch, but cannot build for it now. */
function readUnable(text: string): DeclaredArch | string {
  const declared = readArch(text)
  if (typeof declared === 'string') return text
  return { ...declared, compiler: '', unable: declared.compiler || 'the host gives no reason' }
}

function readRule([verb, text]: [string, string]): OwnerRule[] {
  if (verb === 'forks' && text === 'yes') return [{ verb: 'allow-forks', project: '*', branches: [] }]
  if (verb !== 'allow' && verb !== 'deny') return []
  const [project = '', ...branches] = cut(text, 1000).split(' ').filter(Boolean)
  return [{ verb, project, branches }]
}
