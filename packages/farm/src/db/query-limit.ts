/** Thrown instead of an answer: too many ask at once. */
export class NoTurn extends Error {}

export type Turns = <Result>(run: () => Promise<Result>) => Promise<Result>

/**
 * Lets `atOnce` run at a time; the others wait for their turn, in order, for at most `waitMs`, and then get a `NoTurn`.
 */
export function turns(atOnce: number, waitMs: number): Turns {
  let running = 0
  const waiting: (() => void)[] = []
  const turn = () =>
    new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        waiting.splice(waiting.indexOf(begin), 1)
        reject(new NoTurn(`${atOnce} questions of this kind are being answered, and none was done within ${waitMs} ms`))
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
