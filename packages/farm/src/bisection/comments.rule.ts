import { isDocumentation } from './weights.rule.ts'

/**
 * Whether a patch without context changes only comments, blank lines and documentation. In doubt it does not: the lines
 * of a block comment count only if they begin with an asterisk.
 */
export function isCommentOnly(patch: string): boolean {
  const files = patch.split(/^diff --git /m).slice(1)
  return files.length > 0 && files.every(isCommentChange)
}

function isCommentChange(file: string): boolean {
  const name = /^\+\+\+ b\/(.+)$/m.exec(file)?.[1]?.replace(/\t$/, '') ?? ''
  if (isDocumentation(name)) return true
  const codeOf = syntaxOf(name)
  const start = file.search(/^@@ /m)
  const header = file.slice(0, Math.max(0, start))
  if (!codeOf || start < 0 || /^(old mode|new file|deleted file|Binary files)/m.test(header)) return false
  const lines = file.slice(start).split('\n')
  const code = (sign: string) =>
    lines
      .filter(line => line.startsWith(sign))
      .map(line => codeOf(line.slice(1)).trim())
      .filter(line => line !== '')
      .join('\n')
  return code('-') === code('+')
}

type CodeOf = (line: string) => string

/** Removes the comments of a line. Undefined if the language of the file is not known. */
function syntaxOf(name: string): CodeOf | undefined {
  if (/\.(c|h|cc|cpp|cxx|hh|hpp|java|js|ts|go|rs|y|l|kt|swift)$/i.test(name)) return slashes
  if (/\.(sh|py|pl|pm|rb|mk|cmake|ya?ml|toml|awk)$/i.test(name) || /(^|\/)(GNU)?[Mm]akefile[^/]*$/.test(name))
    return hashes
  return undefined
}

const slashes: CodeOf = line =>
  /^\s*\*(\s|\/?$)/.test(line)
    ? line.replace(/^\s*\*.*?(\*\/|\/?$)/, '')
    : without(line, /\/\*.*?\*\//g, /\/\*.*$/, /^.*\*\//, /\/\/.*$/)

const hashes: CodeOf = line => (line.startsWith('#!') ? line : without(line, /(^|\s)#.*$/))

/** A mark of a comment in a string is no comment, so a line with quotes before the mark stays as it is. */
const without = (line: string, ...comments: RegExp[]): string =>
  comments.reduce((code, comment) => {
    const at = code.search(comment)
    return at < 0 || /["'`]/.test(code.slice(0, at)) ? code : code.replace(comment, '')
  }, line)
