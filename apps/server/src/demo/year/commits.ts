import { createHash } from 'node:crypto'
import { openRandom, type Random } from './random.ts'

export interface DemoCommit {
  commit: string
  /** The first parent; null for the first commit. */
  parent: string | null
  author: string
  subject: string
  committedAt: Date
}

/** The text and author of a commit that has a role in the demo. */
export interface Story {
  author: string
  subject: string
}

export const authors = [
  ...['Ruth Okafor', 'Jonas Weir', 'Mina Sato', 'Lena Vogt', 'Ivo Marek', 'Tom Alder', 'Chiara Russo', 'Zoë Lindqvist'],
  ...['Amadou Diallo', '渡辺 健', 'Anna-Karin Hallström', 'Pavel Novotný'],
]

const verbs = ['fix', 'simplify', 'rename', 'test', 'document', 'speed up', 'remove', 'split', 'check', 'unify']
const objects = [
  ...['the handling of short reads', 'the lock of the buffer cache', 'the list of devices', 'the error path of attach'],
  ...['the order of sysctl nodes', 'the alignment of mbufs', 'the timer wheel', 'the size of the name cache'],
  ...['the parser of options', 'the reference count of sockets', 'the use of atomics', 'the teardown of interfaces'],
  ...['the byte order of headers', 'the check for clock_nanosleep', 'the makefile of the tests', 'the console driver'],
  ...['the flags of open files', 'the copy of large ioctls', 'the wait for background threads', 'the default route'],
]
const areas: Record<string, readonly string[]> = {
  base: ['librump', 'vfs', 'kern', 'dev', 'fs/ffs', 'rumpuser'],
  docs: ['manual', 'intro', 'reference'],
  legacy: ['compat', 'compat/sunos', 'compat/irix', 'build'],
  tools: ['rumpctrl', 'rumpremote', 'ifconfig', 'tests'],
  src: ['sys/netinet', 'sys/net', 'lib/libc', 'sys/kern', 'tests/net'],
  wide: ['net', 'netinet', 'netinet6', 'sockets', 'tests'],
}

export interface CommitRequest {
  seed: number
  project: string
  /** The line's name, so that branches differ. */
  line: string
  parent: string | null
  /** The time of each commit, oldest first. */
  times: readonly Date[]
  /** Stories by index. */
  stories?: ReadonlyMap<number, Story>
}

/** A line of commits, oldest first. */
export function commitLine({ seed, project, line, parent, times, stories }: CommitRequest): DemoCommit[] {
  const random = openRandom(seed, `commits ${project} ${line}`)
  const commits: DemoCommit[] = []
  for (const [index, committedAt] of times.entries()) {
    const { author, subject } = stories?.get(index) ?? inventedStory(random, project)
    const body = { parent: commits.at(-1)?.commit ?? parent, author, subject, committedAt }
    commits.push({ commit: nameOf(body), ...body })
  }
  return commits
}

/** A few people make most of the commits. */
function inventedStory(random: Random, project: string): Story {
  const author = authors[Math.floor(random.next() ** 2 * authors.length)] ?? 'Ruth Okafor'
  return {
    author,
    subject: `${random.pick(areas[project] ?? ['build'])}: ${random.pick(verbs)} ${random.pick(objects)}`,
  }
}

const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

/** The name that git gives to this commit. So `git fast-import` can make the same commits. */
function nameOf({ parent, author, subject, committedAt }: Omit<DemoCommit, 'commit'>): string {
  const who = `${author} <${emailOf(author)}> ${Math.floor(committedAt.getTime() / 1000)} +0000`
  const body = `tree ${emptyTree}\n${parent ? `parent ${parent}\n` : ''}author ${who}\ncommitter ${who}\n\n${subject}\n`
  return createHash('sha1')
    .update(`commit ${Buffer.byteLength(body)}\0${body}`)
    .digest('hex')
}

export const emailOf = (author: string): string =>
  `${
    author
      .normalize('NFD')
      .replace(/[^a-zA-Z]+/g, '.')
      .toLowerCase()
      .replace(/^\.+|\.+$/g, '') || 'author'
  }@example.org`
