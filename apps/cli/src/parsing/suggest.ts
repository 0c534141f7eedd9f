/** Returns `; did you mean "…"?` with the most similar name, or an empty text if no name is similar. */
export function didYouMean(typed: string, names: readonly string[], prefix = ''): string {
  const near = names
    .map(name => ({ name, distance: distanceOf(typed, name) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(name.length / 3)) || isStart(typed, name))
    .sort((a, b) => a.distance - b.distance)
  return near[0] ? `; did you mean "${prefix}${near[0].name}"?` : ''
}

const isStart = (typed: string, name: string): boolean => typed.length >= 3 && name.startsWith(typed)

/** The number of letters to insert, remove, replace, or exchange with their neighbour. */
function distanceOf(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= b.length; j++) {
      const replaced = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, replaced, isSwap ? at(i - 2, j - 2) + 1 : Infinity))
    }
  }
  return at(a.length, b.length)
}
