import { importsOf, type SourceFile } from './sources.ts'

/** Each circle of imports (also of types), as a list of files. `fileOf` returns the entry file of a package. */
export function importCircles(
  files: readonly SourceFile[],
  fileOf: (imported: string) => string = name => name,
): string[][] {
  const imports = new Map(files.map(file => [file.path, importsOf(file).map(fileOf)]))
  const circles: string[][] = []
  const finished = new Set<string>()
  const visit = (path: string, from: readonly string[]): void => {
    const start = from.indexOf(path)
    if (start >= 0) circles.push([...from.slice(start), path])
    if (start >= 0 || finished.has(path)) return
    for (const imported of imports.get(path) ?? []) visit(imported, [...from, path])
    finished.add(path)
  }
  for (const path of imports.keys()) visit(path, [])
  return circles
}
