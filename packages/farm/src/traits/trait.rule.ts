import type { HostFacts } from '@rumpfarm/contracts'
import { archFacts } from './arch-facts.rule.ts'

/** A result of a build on a host, with the facts that can explain it. */
export interface TraitSample {
  host: string
  arch: string
  /** The stable facts of the host. */
  facts: HostFacts
  /** The compiler of the job: the first line of its version text. */
  compiler: string | null
}

export type TraitKind =
  | 'endianness'
  | 'word-size'
  | 'system'
  | 'arch'
  | 'compiler'
  | 'libc'
  | 'libc-version'
  | 'release'
  | 'compiler-version'

export interface Trait {
  kind: TraitKind
  /** Such as `big-endian`, `NetBSD` or `gcc 4.8.5 or older`. */
  value: string
}

/** With fewer hosts on either side, a trait would be a coincidence. */
const hostsMin = 2

/**
 * The simplest trait that all failing results have and no passing result has. Undefined if no trait separates them, or
 * if fewer than two hosts fail or pass.
 */
export function commonTrait(failing: readonly TraitSample[], passing: readonly TraitSample[]): Trait | undefined {
  if (hostsOf(failing) < hostsMin || hostsOf(passing) < hostsMin) return undefined
  for (const { kind, read } of simple) {
    const value = separates(failing.map(read), passing.map(read))
    if (value !== undefined) return { kind, value }
  }
  return versionTrait(failing, passing)
}

/** "fails on all big-endian hosts, passes elsewhere". */
export const describeTrait = ({ kind, value }: Trait): string => `fails on all ${nounOf(kind, value)}, passes elsewhere`

function nounOf(kind: TraitKind, value: string): string {
  if (kind.startsWith('libc') || kind.startsWith('compiler')) return `hosts with ${value}`
  return `${value} hosts`
}

const hostsOf = (samples: readonly TraitSample[]): number => new Set(samples.map(({ host }) => host)).size

/** The value that all failing results have, if no passing result has it. An unknown value never counts. */
function separates(failing: readonly (string | undefined)[], passing: readonly (string | undefined)[]) {
  const [value] = failing
  return value !== undefined && failing.every(one => one === value) && !passing.includes(value) ? value : undefined
}

interface SimpleTrait {
  kind: TraitKind
  read: (sample: TraitSample) => string | undefined
}

/** The simplest first. */
const simple: SimpleTrait[] = [
  { kind: 'endianness', read: ({ arch }) => suffixed(archFacts(arch)?.endian, '-endian') },
  { kind: 'word-size', read: ({ arch }) => suffixed(archFacts(arch)?.bits, '-bit') },
  { kind: 'system', read: ({ facts }) => facts.uname_s },
  { kind: 'arch', read: ({ arch }) => arch },
  { kind: 'compiler', read: sample => compilerOf(sample)?.name },
  { kind: 'libc', read: sample => libcOf(sample)?.name },
  { kind: 'release', read: ({ facts }) => joined(facts.uname_s, facts.uname_r) },
  { kind: 'compiler-version', read: sample => joined(compilerOf(sample)?.name, compilerOf(sample)?.version) },
]

const suffixed = (value: string | number | undefined, suffix: string) =>
  value === undefined ? undefined : `${value}${suffix}`

const joined = (one: string | undefined, other: string | undefined) =>
  one === undefined || other === undefined ? undefined : `${one} ${other}`

/** A compiler, C library or system with its version. */
interface Versioned {
  name: string
  version: string
}

/** The compiler and its version, such as gcc 12.2.0 from `gcc (Debian 12.2.0-14) 12.2.0`. */
function compilerOf({ compiler, facts, arch }: TraitSample): Versioned | undefined {
  const text = compiler ?? facts[`compiler ${arch}`] ?? facts.tool_cc
  if (text === undefined) return undefined
  const name = /\b(clang|gcc|g\+\+|tcc|pcc|icc)\b/i.exec(text)?.[1]?.toLowerCase() ?? /^\S+/.exec(text)?.[0]
  const version = [...text.matchAll(/(?<![\w.-])\d+(?:\.\d+)+(?![\w-])/g)].at(-1)?.[0]
  return name !== undefined && version !== undefined ? { name, version } : undefined
}

/** The C library and its version, such as glibc and 2.36. */
function libcOf({ facts: { libc } }: TraitSample): Versioned | undefined {
  const [name, version = ''] = libc?.split(' ') ?? []
  return name === undefined ? undefined : { name, version }
}

/** All failing results have one compiler, C library or system with older (or newer) versions than all passing results with it. */
function versionTrait(failing: readonly TraitSample[], passing: readonly TraitSample[]): Trait | undefined {
  for (const { kind, versionOf } of versioned) {
    const [bad, good] = [failing.map(versionOf), passing.map(versionOf)]
    const name = bad[0]?.name
    if (name === undefined || !bad.every(one => one?.name === name)) continue
    const versions = bad.map(one => one?.version ?? '').sort(byVersion)
    const others = good.flatMap(one => (one?.name === name ? [one.version] : [])).sort(byVersion)
    const [oldest = '', newest = ''] = [versions[0], versions.at(-1)]
    if (others.length === 0) continue
    if (byVersion(newest, others[0] ?? '') < 0) return { kind, value: `${name} ${newest} or older` }
    if (byVersion(oldest, others.at(-1) ?? '') > 0) return { kind, value: `${name} ${oldest} or newer` }
  }
  return undefined
}

const versioned: { kind: TraitKind; versionOf: (sample: TraitSample) => Versioned | undefined }[] = [
  { kind: 'compiler-version', versionOf: compilerOf },
  { kind: 'libc-version', versionOf: libcOf },
  {
    kind: 'release',
    versionOf: ({ facts: { uname_s: name, uname_r: version } }) =>
      name !== undefined && version !== undefined ? { name, version } : undefined,
  },
]

/** Compares versions by their numbers: 4.8 is older than 4.10. */
function byVersion(one: string, other: string): number {
  const [left, right] = [numbersOf(one), numbersOf(other)]
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const numbersOf = (version: string): number[] => (version.match(/\d+/g) ?? []).map(Number)
