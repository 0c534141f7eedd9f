/** The most similar word, if it is similar enough to be a typing error. */
export function nearest(word: string, words: readonly string[]): string | undefined {
  const likeEnough = Math.max(1, Math.floor(word.length / 3))
  const ranked = words.map(known => ({ known, edits: editsBetween(word.slice(0, 64), known) }))
  return ranked.filter(({ edits }) => edits <= likeEnough).sort((a, b) => a.edits - b.edits)[0]?.known
}

/**
 * Counts letters that are added, dropped, changed or swapped with their neighbour (optimal string alignment distance).
 */
function editsBetween(from: string, to: string): number {
  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const change = from[row - 1] === to[column - 1] ? 0 : 1
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + change,
        swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = above
    above = current
  }
  return at(above, to.length)
}

const at = (numbers: readonly number[], index: number) => numbers[index] ?? Number.POSITIVE_INFINITY
