import { cut } from '@rumpfarm/contracts'

/** Texts that differ between attempts, hosts and architectures, although the failure is the same. */
export interface AttemptTexts {
  /** The name of the attempt, which is in the path of its work directory: `/home/farm/work/attempt-4711.2`. */
  attempt?: string | undefined
  /** The names of the project and of its sources, which are directories in the work directory. */
  sources?: readonly string[] | undefined
  /** Further absolute paths of the attempt. */
  folders?: readonly string[] | undefined
  /** The target of the compiler, if it has an unusual name. The farm recognises `sparc64--netbsd` and similar names. */
  triple?: string | undefined
  hostName?: string | undefined
}

/** The maximum length of a normalised text. */
export const normalisedCharactersMax = 300
// A host or a triple with a shorter name is probably also a word of a message.
const nameCharactersMin = 4

type Replacement = readonly [RegExp, string | ((found: string) => string)]

const quotes: Replacement[] = [
  [/[`\u2018\u2019]/g, "'"],
  [/[\u201c\u201d]/g, '"'],
]
const date = '\\d{4}[-/]\\d{2}[-/]\\d{2}'
const clock = '\\d{1,2}:\\d{2}:\\d{2}(?:[.,]\\d{1,9})?'
const zone = '(?:Z| ?[+-]\\d{2}:?\\d{2})?'
const monthDay = '(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} {1,2}\\d{1,2}'
const leading: Replacement[] = [
  [
    new RegExp(`^\\[?(?:${date}[T ]${clock}${zone}|${monthDay} ${clock}|${clock}| {0,8}\\d{1,9}\\.\\d{3,9})\\]?:? +`),
    '',
  ],
  [/^\[ {0,6}\d{1,6}\/\d{1,6}\] +/, ''],
  [/^(?:[\w.+-]{0,40}\/){0,20}[a-z]{0,8}make(?:\[\d{1,3}\])?: /, 'make: '],
]
const processors =
  'x86_64|amd64|i[3-6]86|arm\\w{0,8}|aarch64\\w{0,4}|mips\\w{0,10}|powerpc\\w{0,6}|ppc\\w{0,6}|sparc\\w{0,3}|riscv\\d{0,3}\\w{0,6}|m68k|m68000|vax|alpha\\w{0,4}|hppa\\w{0,6}|ia64|s390x?|sh[34]\\w{0,3}'
const systems = 'linux|netbsd|freebsd|openbsd|dragonfly|solaris|darwin|cygwin|mingw|sunos|aix|hpux|irix|osf'
const triples: Replacement[] = [
  [
    new RegExp(
      `\\b(?:${processors})(?:-[\\w.]{0,20}){0,2}-(?:${systems})[\\w.]{0,12}(?:-(?:gnu|musl|uclibc|android|eabi|elf)\\w{0,12})?`,
      'g',
    ),
    '<triple>',
  ],
]
const urls: Replacement[] = [[/\b(?:https?|ftp|git|ssh|svn|rsync|file):\/\/[^\s'"<>()]{1,1000}/g, '<url>']]
const pathCharacter = '[^\\s/:"\'()<>,;\\[\\]=]'
const temporary: Replacement[] = [
  [
    new RegExp(`(?<![\\w.~-])/(?:private/|usr/)?(?:var/)?(?:tmp|folders)(?:/${pathCharacter}{1,255}){1,30}`, 'g'),
    '<tmp>',
  ],
  [/\bcc(?=[a-z]{0,5}[A-Z0-9])[A-Za-z0-9]{6}\.(?:ltrans\d{0,3}\.)?(?:o|s|c|ld|le|res)\b/g, '<tmp>'],
]
const lastTwo = (path: string) => path.split(/[/\\]/).filter(Boolean).slice(-2).join('/')
const paths: Replacement[] = [
  [new RegExp(`(?<![\\w.~/>-])/{1,2}${pathCharacter}{1,255}(?:/{1,2}${pathCharacter}{1,255}){0,60}`, 'g'), lastTwo],
  [/\b[A-Za-z]:[/\\](?:[^\s/\\:"'()<>,;]{1,255}[/\\]){0,60}[^\s/\\:"'()<>,;]{1,255}/g, lastTwo],
]
const identities: Replacement[] = [
  [/\b[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b/g, '<id>'],
  [
    new RegExp(
      `\\b${date}(?:[T ]${clock}${zone})?(?![\\w-])|\\b${monthDay} ${clock}(?: \\d{4})?\\b|\\b${clock}\\b`,
      'g',
    ),
    '<time>',
  ],
  [/(?<![\w.-])\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\w.-]*\w)/g, '<addr>'],
  [
    /\[?(?<![\w:.])(?=[0-9a-fA-F:]{0,39}\d)(?:(?:[0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|(?:[0-9a-fA-F]{1,4}:){0,6}(?<=[:[\s]|^):(?::?[0-9a-fA-F]{1,4}){1,7})(?!\w|:\w)(?:\]:\d{1,5}|\])?/g,
    '<addr>',
  ],
]
const hex: Replacement[] = [
  [/\b0x[0-9A-Fa-f]{1,64}\b/g, '<hex>'],
  [/(?<![\w.-])(?=[0-9a-f]{0,63}\d)(?=\d{0,63}[a-f])[0-9a-f]{7,64}(?![\w])/g, '<hex>'],
]
const details: Replacement[] = [
  [/ ?\(@INC[^)]{0,2000}(?:\)|$)/g, ''],
  [/\[[^\][:\s]{1,200}:\d{1,7}: ([^\]]{1,300})\]/g, '[$1]'],
  [/==\d{1,9}==|\[\d{1,9}\]/g, '<pid>'],
]
const column = '(?:[:.]\\d{1,5})?(?:-\\d{1,7}(?:\\.\\d{1,5})?)?'
const positions: Replacement[] = [
  [new RegExp(`(?<=[\\w)\\]>+-]):\\d{1,7}${column}(?=[:\\s,)\\]]|$)`, 'g'), ''],
  [/\(\d{1,7},\d{1,5}\)|(?<=\w)\(\d{1,7}\)(?= ?:)/g, ''],
  [/\b([Ll]ine) (?:= )?\d{1,7}(?:\.\d{1,5})?/g, '$1 <n>'],
]
const unit = '(?: ?(?:ns|us|\u00b5s|ms|s|secs?|seconds?|m|min|mins|minutes?|h|hours?))'
const numbers: Replacement[] = [
  [new RegExp(`(?<![\\w.-])\\d{1,20}(?:[.,:]\\d{1,20}){0,8}(?:${unit}(?![\\w-])|(?![\\w-]|[.,:]?\\d))`, 'g'), '<n>'],
]

const before = [...quotes, ...leading]
const after = [
  ...urls,
  ...temporary,
  ...paths,
  ...triples,
  ...identities,
  ...hex,
  ...details,
  ...positions,
  ...numbers,
  [/\s+/g, ' '] as Replacement,
]

/**
 * The text of a line without the details that differ between two occurrences of the same failure: numbers, paths,
 * addresses and times. At most 300 characters. docs/failures.md lists the steps. A change of this function needs a new
 * `fingerprintVersion`.
 */
export function normalise(line: string, texts: AttemptTexts = {}): string {
  const text = replaceAll(withoutTexts(replaceAll(line, before), texts), after)
  return cut(text.trim(), normalisedCharactersMax)
}

const replaceAll = (line: string, replacements: readonly Replacement[]): string =>
  replacements.reduce((text, [pattern, by]) => text.replace(pattern, by as string), line)

function withoutTexts(line: string, { folders = [], attempt, sources = [], triple, hostName }: AttemptTexts): string {
  // The longest folder first, because a folder can be inside another one.
  const longestFirst = [...folders].sort((one, other) => other.length - one.length)
  let text = withoutWork(longestFirst.reduce(withoutFolder, line), attempt, sources)
  text = withoutName(text, triple, '<triple>')
  return withoutName(text, hostName, '<host>')
}

function withoutFolder(text: string, folder: string): string {
  const path = folder.replace(/\/+$/, '')
  if (path.length < nameCharactersMin || !text.includes(path)) return text
  return text.replaceAll(`${path}/`, '').replaceAll(path, '.')
}

/** Removes the path of the attempt's work directory, and of a source in it. The farm does not know the whole path. */
function withoutWork(text: string, attempt: string | undefined, sources: readonly string[]): string {
  if (attempt === undefined || !text.includes(`/attempt-${attempt}`)) return text
  return text.replace(workPattern(attempt, sources), path => (path.endsWith('/') ? '' : '.'))
}

const literally = (name: string): string => name.replace(/[.+]/g, '\\$&')

/** The names in the pattern contain only letters, digits and `. _ + -` (namePattern of the contracts). */
function workPattern(attempt: string, sources: readonly string[]): RegExp {
  const parents = `(?:/{1,2}${pathCharacter}{1,255}){0,60}`
  const source = sources.length > 0 ? `(?:/{1,2}(?:${sources.map(literally).join('|')})(?![\\w.+-]))?` : ''
  return new RegExp(`${parents}/{1,2}attempt-${literally(attempt)}(?![\\w.-])${source}/{0,2}`, 'g')
}

function withoutName(text: string, name: string | undefined, by: string): string {
  if (name === undefined || name.length < nameCharactersMin || !text.includes(name)) return text
  const inside = (character: string | undefined) => character !== undefined && /\w/.test(character)
  return text.split(name).reduce((joined, part) => {
    const whole = !inside(joined.at(-1)) && !inside(part[0])
    return `${joined}${whole ? by : name}${part}`
  })
}
