import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface SourceFile {
  /** The path from the root of the repository. */
  path: string
  text: string
}

const readRoot = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The existing files that git tracks or would add. */
export function sourceFiles(pattern: RegExp): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = listed
    .toString()
    .split('\0')
    .filter(path => pattern.test(path) && existsSync(join(root, path)))
  return paths.map(path => ({ path, text: readRoot(path) }))
}

export const readSource = (path: string): SourceFile => ({ path, text: readRoot(path) })

/** True for a file that only tests use. */
export const isTest = ({ path }: SourceFile): boolean => /\.test\.|\.fixture\.|\/(spec|support)\/|^test\//.test(path)

const statement = /^(?:import|export)\s+(?:type\s+)?[\w*\s{},$]+?\s+from\s+'([^']+)'|^import\s+'([^']+)'/gm
const expression = /\b(?:import|require(?:\.resolve)?)\(\s*'([^']+)'/g

/** The imports of a file: names of packages, and paths of files from the root of the repository. */
export function importsOf({ path, text }: SourceFile): string[] {
  const found = [...text.matchAll(statement), ...text.matchAll(expression)]
  const names = found.map(([, from, bare]) => from ?? bare ?? '')
  return names.map(name => (name.startsWith('.') ? normalize(join(dirname(path), name)) : name))
}
