/** How many cells the first transaction derives. Their cost is not known yet. */
export const firstPiece = 1
const cellsMax = 50
/** How long one transaction may derive cells, in milliseconds. */
const pieceMs = 200

/**
 * How many cells the next transaction derives, if the last one needed this time for this many. Usually a cell takes a
 * millisecond; after a push that replaced a long history, it can take more than a hundred. A piece has at most twice the cells
 * of the piece before, because some cells cost more than others.
 */
export const nextPiece = (cells: number, tookMs: number): number =>
  Math.max(1, Math.min(cellsMax, 2 * cells, Math.floor((cells * pieceMs) / Math.max(1, tookMs))))
