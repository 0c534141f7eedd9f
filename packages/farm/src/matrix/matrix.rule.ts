import type { ArchKind, OwnerRule, ProjectConfig } from '@rumpfarm/contracts'
import { type Acknowledgement, acknowledgementOf } from '../acknowledgements/acknowledged.rule.ts'
import { expectation } from '../builds/plan.rule.ts'
import { permitsSome } from '../hosts/owner.rule.ts'
import type { Presence } from '../hosts/presence.rule.ts'
import { countAlike } from './alike.rule.ts'
import { knownFailures } from './known-failures.rule.ts'
import {
  type ActiveAttempt,
  type CellRecord,
  cellStatus,
  isFailure,
  isRetrying,
  type MatrixCell,
} from './matrix-cell.rule.ts'
import { type MatrixSummary, summarize } from './summary.rule.ts'
import { groupTroubles, type Trouble } from './troubles.rule.ts'

export interface MatrixHost {
  name: string
  /** System name, release and machine, as uname prints them. */
  system: string
  /** The operating system, and its release: NetBSD and 10.1. */
  os: string
  release: string
  presence: Presence
  lastSeenAt: Date
  /** Why the host gets no jobs now. */
  refusal: string | null
  /** `unable` is the reason why the host cannot build for the arch now. */
  arches: { arch: string; kind: ArchKind; compiler: string; unable: string | null }[]
  /** The rules of the host's owner; without rules everything is allowed. */
  rules: OwnerRule[]
}

export interface ShownBranch {
  project: string
  /** The branch whose cells the matrix shows for this project. */
  shown: string
  /** The branches that were built. The branch with the newest push is first. */
  built: string[]
}

export interface Matrix {
  at: Date
  projects: string[]
  branches: ShownBranch[]
  arches: string[]
  hosts: MatrixHost[]
  /** Every planned cell, with or without an attempt, in the order of host, arch, project and variant. */
  cells: MatrixCell[]
  summary: MatrixSummary
  troubles: Trouble[]
}

export interface MatrixInput {
  at: Date
  projects: ProjectConfig[]
  branches: ReadonlyMap<string, { shown: string; built: string[] }>
  hosts: MatrixHost[]
  records: Map<string, CellRecord>
  active: Map<string, ActiveAttempt>
  acknowledgements: readonly Acknowledgement[]
  /** If set, only the cells of this arch and this variant. */
  only?: { arch?: string | undefined; variant?: string | undefined }
}

export const cellKey = (project: string, host: string, arch: string, variant: string): string =>
  `${project}\n${host}\n${arch}\n${variant}`

/** The names in a `cellKey`. */
export function cellOfKey(key: string): { project: string; host: string; arch: string; variant: string } {
  const [project = '', host = '', arch = '', variant = ''] = key.split('\n')
  return { project, host, arch, variant }
}

export function composeMatrix(input: MatrixInput): Matrix {
  const { at, projects, branches, hosts } = input
  const cells = plannedCells(input)
  countAlike(cells)
  return {
    at,
    projects: projects.map(({ name }) => name),
    branches: projects.map(({ name }) => ({ project: name, shown: '', built: [], ...branches.get(name) })),
    arches: [...new Set(hosts.flatMap(host => host.arches.map(({ arch }) => arch)))].sort(),
    hosts,
    cells,
    summary: summarize(cells),
    troubles: groupTroubles(cells),
  }
}

function plannedCells({
  projects,
  branches,
  hosts,
  records,
  active,
  acknowledgements,
  only = {},
}: MatrixInput): MatrixCell[] {
  const variants = projects.flatMap(project =>
    Object.keys(project.variants)
      .filter(variant => only.variant === undefined || variant === only.variant)
      .map(variant => ({
        project,
        variant,
        expects: expectation(project, variant),
        known: knownFailures(project, variant),
      })),
  )
  return hosts.flatMap(host => {
    const forbidden = new Set(projects.filter(project => !permitsSome(host.rules, project)))
    return host.arches.flatMap(({ arch, unable }) =>
      variants
        .filter(({ expects }) => (only.arch === undefined || arch === only.arch) && expects(host.name, arch))
        .map(({ project, variant, known }) => {
          const key = cellKey(project.name, host.name, arch, variant)
          const last = records.get(key) ?? null
          const branch = branches.get(project.name)?.shown ?? ''
          const facts = {
            last,
            active: active.get(key) ?? null,
            prevented: forbidden.has(project) ? notAllowed : unable && `the host cannot build for this arch: ${unable}`,
            known: last && known(host.name, arch, last),
            acknowledged:
              last && isFailure(last.verdict)
                ? acknowledgementOf(
                    { host: host.name, arch, project: project.name, branch, variant, fingerprint: last.fingerprint },
                    acknowledgements,
                  )
                : null,
          }
          // Each member has its name: with the spread syntax, this object took a fifth of the time for a matrix.
          return {
            host: host.name,
            arch,
            project: project.name,
            branch,
            variant,
            status: cellStatus(facts),
            retrying: isRetrying(facts),
            last,
            active: facts.active,
            prevented: facts.prevented,
            known: facts.known,
            acknowledged: facts.acknowledged,
            alike: { cells: 0, of: 0, notYet: 0 },
          }
        }),
    )
  })
}

const notAllowed = "not allowed by the host's owner"
