import type { FarmWide, FarmYaml, ProjectConfig } from '@rumpfarm/contracts'
import { type Document, LineCounter, parseDocument } from 'yaml'
import { type Finding, schemaFindings } from './farm-yaml-mistakes.rule.ts'
import { fillIn, fillInFarmWide } from './farm-yaml-normal.rule.ts'
import { senseFindings } from './farm-yaml-sense.rule.ts'
import { tooDeep } from './yaml-depth.rule.ts'
import { placeOf } from './yaml-positions.rule.ts'

export interface FarmYamlMistake {
  file: string
  /** The first line and the first column have the number 1. */
  line: number
  column: number
  /** For example `projects.sample.steps[1]`; empty if the error concerns the whole file. */
  path: string
  found: string
  expected: string
}

export type FarmYamlReading =
  | { kind: 'ok'; projects: ProjectConfig[]; farmWide: FarmWide }
  | { kind: 'mistakes'; mistakes: FarmYamlMistake[] }

const fileBytesMax = 1_000_000
const mistakesMax = 20
const depthMax = 30
// The largest number of aliases in the file. Without a limit, a few lines with aliases can expand to gigabytes.
const aliasesMax = 100

/**
 * Reads farm.yaml. Reports up to 20 errors; a file with an error gives no projects. `file` is the file's name in
 * messages. Paths of repositories are relative to `directory`.
 */
export function readFarmYaml(text: string, { file, directory }: { file: string; directory: string }): FarmYamlReading {
  const written = read(text, file)
  if (Array.isArray(written)) return { kind: 'mistakes', mistakes: written.slice(0, mistakesMax) }
  const projects = Object.entries(written.projects).map(([name, project]) => fillIn(name, project, directory, written))
  return { kind: 'ok', projects, farmWide: fillInFarmWide(written) }
}

/** One line in the format `file:line:column: path: found …, expected …`. */
export function describeMistake({ file, line, column, path, found, expected }: FarmYamlMistake): string {
  const where = path === '' ? '' : ` ${path}:`
  return `${file}:${line}:${column}:${where} found ${found}, expected ${expected}`
}

function read(text: string, file: string): FarmYaml | FarmYamlMistake[] {
  const counter = new LineCounter()
  const at = (offset: number, found: string, expected: string): FarmYamlMistake => {
    const { line, col } = offset > 0 ? counter.linePos(offset) : { line: 1, col: 1 }
    return { file, line, column: col, path: '', found, expected }
  }
  if (Buffer.byteLength(text) > fileBytesMax)
    return [at(0, `${Buffer.byteLength(text)} bytes`, `at most ${fileBytesMax}`)]
  const deep = tooDeep(text, depthMax)
  const document = deep === undefined ? parse(text, counter) : undefined
  if (!document) return [at(deep ?? 0, `more than ${depthMax} levels`, 'fewer levels of lists and maps')]

  const broken = [...document.errors, ...document.warnings]
  if (broken.length > 0) return broken.map(({ pos, message }) => at(pos[0], oneLine(message), 'well-formed YAML'))
  const value = plainValue(document)
  if ('problem' in value) return [at(0, value.problem, `at most ${aliasesMax} uses of known anchors`)]
  return judge(value.content, finding => ({
    file,
    ...placeOf(document, counter, finding.path, finding.at),
    path: writePath(finding.path),
    found: finding.found,
    expected: finding.expected,
  }))
}

/** In YAML's failsafe schema every scalar is text, so `commit: 1234567` and `CI: yes` stay text. */
const parse = (text: string, lineCounter: LineCounter) =>
  parseDocument(text, { schema: 'failsafe', merge: true, lineCounter, prettyErrors: false })

function plainValue(document: Document): { content: unknown } | { problem: string } {
  try {
    return { content: document.toJS({ maxAliasCount: aliasesMax }) }
  } catch (error) {
    // yaml throws a ReferenceError for an alias without an anchor, and for more aliases than maxAliasCount.
    if (error instanceof ReferenceError) return { problem: oneLine(error.message) }
    throw error
  }
}

function judge(value: unknown, place: (finding: Finding) => FarmYamlMistake): FarmYaml | FarmYamlMistake[] {
  const findings = schemaFindings(value)
  // The other checks need values that match the schema.
  if (findings.length === 0) findings.push(...senseFindings(value as FarmYaml))
  if (findings.length === 0) return value as FarmYaml
  return findings.map(place).sort((a, b) => a.line - b.line || a.column - b.column)
}

const oneLine = (message: string) => message.replace(/\s+/g, ' ').trim()

const writePath = (path: Finding['path']): string =>
  path.reduce<string>((written, part) => {
    if (/^\d+$/.test(String(part))) return `${written}[${part}]`
    return written === '' ? String(part) : `${written}.${part}`
  }, '')
