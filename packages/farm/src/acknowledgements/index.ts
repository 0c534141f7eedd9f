import type { Contexts } from '../context.ts'
import { acknowledge, activeAcknowledgements, endAcknowledgement, type NewAcknowledgement } from './acknowledgements.ts'

export type { Acknowledgement } from './acknowledged.rule.ts'
export type { Acknowledged, AcknowledgeOutcome, NewAcknowledgement } from './acknowledgements.ts'

/** Failures that a person knows and takes care of. Pages show them quietly until the acknowledgement expires. */
export const acknowledgementMethods = ({ main, pages }: Contexts) => ({
  add: (wanted: NewAcknowledgement) => acknowledge(main, wanted),
  /** Returns false if the acknowledgement does not exist, or has ended or expired. */
  end: async (id: number) => id <= 2_147_483_647 && endAcknowledgement(main, id),
  /** The acknowledgements of these projects that have neither ended nor expired, newest first. */
  listActive: (projects: readonly string[]) => activeAcknowledgements(pages, projects),
})
