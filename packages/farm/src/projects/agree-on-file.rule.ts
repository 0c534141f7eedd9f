/** What a server knows when it has read a farm.yaml without errors. */
export interface OfferedFile {
  /** sha256 of the text. */
  sum: string
  /** The text that this server had before, if it reads a changed file; undefined when the server starts. */
  previousSum: string | undefined
}

export interface AgreedFile {
  /** The active text; null if there is none, or if an older version of the farm accepted it. */
  sum: string | null
  /** Whether the offered text gives the same projects as the active ones. */
  sameProjects: boolean
  /** Whether the offered text was active at any time. */
  wasActive: boolean
  /** Whether other servers run. */
  others: boolean
  /** Whether this server is of a newer version than all others. */
  newest: boolean
}

/**
 * `apply`: the text becomes the active one. `active`: it already is. `older`: the text was active earlier, and the servers
 * keep the newer one.
 */
export type FileDecision = 'apply' | 'active' | 'older'

/**
 * A new text always becomes active, on whichever server somebody writes it. A text that was active earlier becomes active
 * again only if somebody changed the active file back, or if no other server runs. So a server that starts with an older
 * file does not replace the newer one.
 */
export function decideFile(offered: OfferedFile, agreed: AgreedFile): FileDecision {
  if (offered.sum === agreed.sum) {
    // A newer version can read the same text in another way. Two machines can, too, because of relative paths.
    return agreed.sameProjects || (agreed.others && !agreed.newest) ? 'active' : 'apply'
  }
  const changedBack = offered.previousSum !== undefined && offered.previousSum === agreed.sum
  return agreed.others && agreed.wasActive && !changedBack ? 'older' : 'apply'
}
