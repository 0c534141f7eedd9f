/** Numbers that look random, and are the same in each run with the same seed. */
export interface Random {
  /** At least 0, less than 1. */
  next(): number
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number
  chance(probability: number): boolean
  pick<Item>(list: readonly Item[]): Item
  /** A new order; `list` stays the same. */
  shuffled<Item>(list: readonly Item[]): Item[]
}

/** mulberry32: 32 bits of state are enough for a demo. The name separates the sequences of one seed. */
export function openRandom(seed: number, name: string): Random {
  let state = hashOf(`${seed} ${name}`)
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number) => Math.floor(next() * limit)
  return {
    next,
    below,
    chance: probability => next() < probability,
    pick: list => list[below(list.length)] as (typeof list)[number],
    shuffled: list =>
      list
        .map(item => [next(), item] as const)
        .sort((a, b) => a[0] - b[0])
        .map(([, item]) => item),
  }
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash
}
