// Gives the agent's own functions and variables short names and takes the blanks around operators, together a fifth of the text;
// reads it without comments, prints it. For a trace (sh -x) take the readable one: it is the same program.
//
// A name stays as it is where a person or another program may see it: when it stands within quotes (but as $NAME), is
// exported, belongs to the environment, or is put together at run time ("${CLIENT}_usable").
import { readFileSync } from 'node:fs'

const lengthMin = 3
const environment = /^(RUMPFARM_.*|FARM_.*|LC_ALL|PATH|PREFIX|IFS|ENV|PWD|[A-Z]+_VERSION)$/
const token =
  /\\[\s\S]|[A-Za-z_][A-Za-z0-9_]*|['"`\n]|\$\{?#?(?=[A-Za-z_])|[0-9]+[A-Za-z0-9_]*|<<'?([A-Z]+)'?\n| *;;(?=\nesac\b)| *(?:;;|&&|\|\||;|\|) */g

/** What stands before this place on its line, however many it was broken into. */
function lineBefore(text, at) {
  let start = at
  do start = text.lastIndexOf('\n', start - 1)
  while (start > 0 && text[start - 1] === '\\')
  return text.slice(start + 1, at)
}

/** Is there a ${ open on this line? Quotes within it are not what they seem: "${line#"| "}". */
const isExpanding = (text, at) => {
  const before = lineBefore(text, at)
  return before.split('${').length > before.split('}').length
}

/** Every word with its place, and how it stands there: as `code`, as a `value` ($NAME), or `quoted`. */
function readWords(text) {
  const words = []
  const quotes = [] // that are open, the innermost last
  let here = '' // what ends the here-document that is open
  let valueAt = -1
  for (const { 0: found, 1: terminator, index } of text.matchAll(token)) {
    const quote = quotes.at(-1)
    if (terminator !== undefined) here = terminator
    else if (found === here && text[index - 1] === '\n') here = ''
    else if (/^ *[;&|]/.test(found)) {
      if (here === '' && quotes.length === 0 && !isExpanding(text, index))
        words.push({ word: found, at: index, standing: 'operator' })
    } else if (found.startsWith('$')) valueAt = index + found.length
    else if (/^[A-Za-z_]/.test(found)) {
      const isValue = valueAt === index && quote !== "'"
      const isQuoted = here !== '' || quote === '"' || quote === "'"
      words.push({ word: found, at: index, standing: isValue ? 'value' : isQuoted ? 'quoted' : 'code' })
    } else if (here === '' && found === quote) quotes.pop()
    else if (here === '' && quote !== "'" && (/^["`]$/.test(found) || (found === "'" && quote !== '"')))
      quotes.push(found)
  }
  if (quotes.length > 0 || here !== '') throw new Error(`the agent's text ends within ${here || quotes.join(' ')}`)
  return words
}

// Where a command may begin; before it variables may be set.
const beginning = String.raw`(^|[;&|(){\`!]|\b(then|do|else|if|elif|while|until))\s*`
const atCommand = new RegExp(`${beginning}$`)
const atAssignment = new RegExp(String.raw`${beginning}(\w+=\S*\s+)*$`)

/** Is the word at this place the function that is called or defined there, and no argument or pattern of the same letters? */
const isCalled = (before, after) => atCommand.test(before) && !/^\s*\)/.test(after)

/** Is it a variable that is set or counted with there, or one of a list of such names, and no operand like dd's count=? */
const isSet = (before, after) =>
  (after.startsWith('=') && atAssignment.test(before)) ||
  /\b(for |(read -r|unset)( [A-Za-z_]\w*)* )$/.test(before) ||
  /^\s*for key in( [A-Z_]+)* $/.test(before) ||
  before.lastIndexOf('$((') > before.lastIndexOf('))')

/** The agent's own names that nobody else sees, the most frequent first. */
function namesToShorten(text, words) {
  const all = pattern => [...text.matchAll(pattern)].map(([, found]) => found)
  const functions = new Set(all(/^([a-z_0-9]+)\(\)/gm))
  // One that is set and never looked at is no variable: ssh's BatchMode=yes, say.
  const lookedAt = new Set(words.filter(({ standing }) => standing !== 'code').map(({ word }) => word))
  for (const name of all(/(?<=\$\(\([^)]*)\b([A-Za-z_]\w*)/g)) lookedAt.add(name)
  const variables = new Set(all(/(?<=^|[\s;`(])([A-Za-z_]\w*)=/gm).filter(name => lookedAt.has(name)))
  const endings = all(/\}(_[a-z]+)/g)
  const kept = new Set(all(/^export ([^\n]+)/gm).flatMap(names => names.split(' ')))
  const counts = new Map()
  for (const { word, at, standing } of words) {
    if (!functions.has(word) && !variables.has(word)) continue
    counts.set(word, (counts.get(word) ?? 0) + 1)
    const before = lineBefore(text, at)
    const after = text.slice(at + word.length, at + word.length + 20)
    const isOurs = functions.has(word) ? isCalled(before, after) : standing === 'value' || isSet(before, after)
    if (standing === 'quoted' || !isOurs || (functions.has(word) && variables.has(word))) kept.add(word)
  }
  const mayBeShort = name =>
    name.length >= lengthMin &&
    !kept.has(name) &&
    !environment.test(name) &&
    !endings.some(ending => name.endsWith(ending))
  return [...counts]
    .filter(([name]) => mayBeShort(name))
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([name]) => name)
}

const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** `_0` to `_Z`, then `_00` and so on. */
const shortName = index => `_${digits[Math.floor(index / digits.length) - 1] ?? ''}${digits[index % digits.length]}`

const text = readFileSync(0, 'utf8')
const words = readWords(text)
const short = new Map(namesToShorten(text, words).map((name, index) => [name, shortName(index)]))
const taken = words.find(({ word }) => /^_[0-9A-Za-z]{1,2}$/.test(word))
if (taken) throw new Error(`${taken.word} is a name that only this program gives`)

/** An operator without its blanks; the last ;; of a case is one that nobody needs. */
const operator = (word, at) => (text.startsWith('\nesac', at + word.length) ? '' : word.trim())

let compact = ''
let from = 0
for (const { word, at, standing } of words) {
  compact += text.slice(from, at) + (standing === 'operator' ? operator(word, at) : (short.get(word) ?? word))
  from = at + word.length
}
process.stdout.write(compact + text.slice(from))
