/** Thrown for a query that could not start, because too many queries of its kind ran. */
export class NoTurn extends Error {}

export type Turns = <Result>(run: () => Promise<Result>) => Promise<Result>

/**
 * At most `atOnce` queries run at a time. The others wait in order. Throws `NoTurn` for a query that waited `waitMs`.
 */
export function turns(atOnce: number, waitMs: number): Turns {
  let running = 0
  const waiting: (() => void)[] = []
  const turn = () =>
    new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        waiting.splice(waiting.indexOf(begin), 1)
        reject(new NoTurn(`${atOnce} queries of this kind are running, and none of them ended within ${waitMs} ms`))
      }, waitMs)
      const begin = () => {
        clearTimeout(late)
        resolve()
      }
      waiting.push(begin)
    })
  return async run => {
    if (running >= atOnce) await turn()
    else running++
    try {
      return await run()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}
