import type { HostFacts, OwnerRule } from '@rumpfarm/contracts'
import { cut, isWireName, lineValue, readLines, wireNumber } from '@rumpfarm/contracts'
import type { DeclaredArch } from '@rumpfarm/farm'

export interface Introduction {
  version: string
  facts: HostFacts
  lines: [string, string][]
}

export type Read<T> = { kind: 'read'; value: T } | { kind: 'problem'; problem: string }

/** Keys with a meaning of their own; all others are facts about the host. */
const spoken = new Set([
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
  'credential',
])
const factsMax = 200

/** What an agent says of itself, at enrolment and at each start. */
export function readIntroduction(body: Buffer): Read<Introduction> {
  const read = readLines(body.toString('utf8'))
  if (read.kind === 'malformed') return problem(read.problem)
  const protocol = lineValue(read.lines, 'protocol') ?? '1'
  if (protocol !== '1') return problem(`this farm speaks protocol 1, not ${protocol}`)
  const facts = read.lines.filter(([key]) => !spoken.has(key))
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

export interface Greeting {
  instance: string
  previous: string | undefined
  slots: number
  arches: DeclaredArch[]
  rules: OwnerRule[]
}

/** What only `hello` says. */
export function readGreeting(lines: [string, string][]): Read<Greeting> {
  const instance = lineValue(lines, 'instance') ?? ''
  if (!isWireName(instance)) return problem('the line "instance" is missing or malformed')
  const previous = lineValue(lines, 'previous')
  if (previous !== undefined && !isWireName(previous)) return problem('the line "previous" is malformed')
  const slots = wireNumber(lineValue(lines, 'slots') ?? '1')
  if (slots === undefined || slots < 1 || slots > slotsMax)
    return problem(`"slots" is not a number from 1 to ${slotsMax}`)
  const declared = lines.filter(([key]) => key === 'arch').map(([, value]) => readArch(value))
  const wrong = declared.find(arch => typeof arch === 'string')
  if (typeof wrong === 'string') return problem(`"arch ${wrong}" should read: arch NAME native|cross COMPILER`)
  const unable = lines.filter(([key]) => key === 'unable').map(([, value]) => readUnable(value))
  const unclear = unable.find(arch => typeof arch === 'string')
  if (typeof unclear === 'string') return problem(`"unable ${unclear}" should read: unable NAME native|cross WORDS`)
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

/** `unable NAME native|cross WORDS`: declared, and the host found that it cannot build for it. */
function readUnable(text: string): DeclaredArch | string {
  const declared = readArch(text)
  if (typeof declared === 'string') return text
  return { ...declared, compiler: '', unable: declared.compiler || 'it does not say why' }
}

function readRule([verb, text]: [string, string]): OwnerRule[] {
  if (verb !== 'allow' && verb !== 'deny') return []
  const [project = '', ...branches] = cut(text, 1000).split(' ').filter(Boolean)
  return [{ verb, project, branches }]
}
