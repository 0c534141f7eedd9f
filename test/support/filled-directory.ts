// Directories with the same contents in many tests. A program such as git needs much longer to make them than a copy takes,
// because each start of a program copies the memory tables of the test's process.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const known = new Map<string, Map<string, Buffer>>()

/** Fills the directory with `fill`, or with the files that an earlier `fill` with this key made in this process. */
export function fillDirectory(directory: string, key: string, fill: () => void): void {
  const files = known.get(key)
  if (files) writeFiles(directory, files)
  else {
    fill()
    known.set(key, readFiles(directory))
  }
}

const readFiles = (directory: string): Map<string, Buffer> => {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile())
  const paths = entries.map(entry => join(entry.parentPath, entry.name))
  return new Map(paths.map(path => [relative(directory, path), readFileSync(path)]))
}

const writeFiles = (directory: string, files: Map<string, Buffer>): void => {
  for (const [name, contents] of files) {
    const path = join(directory, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, contents)
  }
}
