/** Longer than a usable replica can be late (packages/farm/src/db/replica.rule.ts). */
const keptMs = 10_000
const clientsMax = 10_000

/** The clients that changed something lately. They must see their changes, so a replica does not answer them. */
export class RecentChanges {
  readonly #until = new Map<string, number>()

  note(client: string, now = performance.now()): void {
    this.#until.delete(client)
    this.#until.set(client, now + keptMs)
    for (const [oldest, until] of this.#until) {
      if (until > now && this.#until.size <= clientsMax) break
      this.#until.delete(oldest)
    }
  }

  has(client: string, now = performance.now()): boolean {
    return (this.#until.get(client) ?? 0) > now
  }
}
