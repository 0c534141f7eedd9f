export interface CommitObject {
  tree: string
  /** The committer's time, in seconds since the epoch. */
  time: number
  author: string
  /** The first paragraph of the message, as one line. */
  subject: string
  message: string
}

/** Reads the object of a commit. Undefined if it is unusual, for example in another encoding: then git must read it. */
export function readCommit(content: Buffer): CommitObject | undefined {
  const end = content.indexOf('\n\n')
  const head = content.toString('utf8', 0, end < 0 ? content.length : end)
  const message = end < 0 ? '' : content.toString('utf8', end + 2)
  const tree = /^tree ([0-9a-f]+)$/m.exec(head)?.[1]
  const author = /^author (.*) <[^\n]*> -?\d+ [+-]\d+$/m.exec(head)?.[1]
  const time = /^committer [^\n]*> (\d{1,10}) [+-]\d+$/m.exec(head)?.[1]
  if (!tree || author === undefined || time === undefined || /^encoding /m.test(head)) return undefined
  return { tree, time: Number(time), author: author.trim(), subject: subjectOf(message), message: message.trim() }
}

const subjectOf = (message: string): string => {
  const lines = message.replace(/^(\s*\n)+/, '').split('\n')
  const end = lines.findIndex(line => line.trim() === '')
  return (end < 0 ? lines : lines.slice(0, end)).map(line => line.trimEnd()).join(' ')
}
