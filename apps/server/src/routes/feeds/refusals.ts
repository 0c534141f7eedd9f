import { Refusal } from '../../http/problems.ts'

/** The answer if the farm does not have what an address names. */
export function missing(what: 'project' | 'host' | 'cell', name: string): Refusal {
  if (what === 'project') return new Refusal('unknown-project', `there is no project ${name}`)
  if (what === 'host') return new Refusal('unknown', `there is no host ${name}`)
  return new Refusal('unknown', `there is no cell ${name}`)
}
