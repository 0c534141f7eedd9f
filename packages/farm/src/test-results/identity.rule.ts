import { createHash } from 'node:crypto'
import { cut } from '@rumpfarm/contracts'
import { cleanText, oneLine } from './clean.rule.ts'

/** The attempt's own strings, which may occur in names of tests: its work directory, its host, its arch. */
export interface OwnStrings {
  /** The directories of the attempt, longest first. They end in no slash. */
  directories: readonly string[]
  /** The host's name and the arch's name or triple, which are replaced by a word. */
  words: readonly { text: string; by: string }[]
}
export const noOwnStrings: OwnStrings = { directories: [], words: [] }

export interface Identity {
  suite: string
  name: string
  /** A hash of suite and name: 32 hexadecimal digits. */
  key: string
}

const replacements: readonly [RegExp, string][] = [
  // Files of one run in a temporary directory.
  [/(?:\/(?:var\/)?tmp|\/private\/var\/folders|\$TMPDIR)\/[^\s:,;"'()[\]]+/g, '<tmp>'],
  [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi, '<id>'],
  [/\b0x[0-9a-f]{4,}\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12,64}\b/g, '<hex>'],
]
// The last two components of an absolute path. A single component, such as an HTTP path, stays.
const absolutePath = /(?<![\w.<>:/-])\/(?:[\w.+-]+\/){2,}[\w.+-]+/g

/** A name that is equal on every host and in every run. */
export function normalName(text: string, own: OwnStrings): string {
  let name = oneLine(cleanText(text))
  for (const directory of own.directories) name = name.replaceAll(`${directory}/`, '').replaceAll(directory, '<work>')
  for (const { text: word, by } of own.words) if (word.length >= 3) name = replaceWord(name, word, by)
  for (const [pattern, by] of replacements) name = name.replace(pattern, by)
  return name.replace(absolutePath, path => path.split('/').slice(-2).join('/'))
}

function replaceWord(text: string, word: string, by: string): string {
  const at = text.indexOf(word)
  if (at < 0) return text
  const inside = /[\w.-]/
  const before = text[at - 1] ?? ' '
  const after = text[at + word.length] ?? ' '
  const rest = replaceWord(text.slice(at + word.length), word, by)
  return text.slice(0, at) + (inside.test(before) || inside.test(after) ? word : by) + rest
}

/**
 * The identity of a test within its project. It depends on neither host, arch, variant, line nor process number. Equal
 * parts that follow each other count once: Surefire and GoogleTest write the class also as the suite.
 */
export function identityOf(suites: readonly string[], name: string, own: OwnStrings, nameMax: number): Identity {
  const path: string[] = []
  for (const part of suites) {
    const normal = normalName(part, own)
    const last = path.at(-1)
    if (normal === '' || normal === last) continue
    path.push(normal)
  }
  const suite = path.join(' › ')
  const test = normalName(name, own) || '(no name)'
  const key = hashOf(`${suite}\n${test}`)
  return { suite: shortened(suite, nameMax), name: shortened(test, nameMax), key }
}

/** The identity of the n-th test with the same suite and name in one run. */
export const numbered = ({ suite, name, key }: Identity, count: number): Identity => ({
  suite,
  name: `${name} #${count}`,
  key: hashOf(`${key} #${count}`),
})

// Two long names that begin alike stay different, because the key is the hash of the whole name.
const shortened = (text: string, max: number): string => (text.length <= max ? text : `${cut(text, max - 1)}…`)
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
