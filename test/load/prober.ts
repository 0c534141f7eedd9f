import type { HeldAttempt, SimulatedHost } from './simulated-host.ts'

const everyMs = 10
const nothing = new Uint8Array()

/** Sends different requests every 10 ms while `work` runs, and returns the milliseconds of each answer. */
export async function probe(
  url: string,
  host: SimulatedHost,
  attempt: HeldAttempt,
  work: () => Promise<void>,
): Promise<number[]> {
  const questions = [
    () => fetch(`${url}/healthz`).then(answer => answer.arrayBuffer()),
    () => host.claimAgain(),
    () => host.progress(attempt, 0, nothing, 'none'),
  ]
  const waits: number[] = []
  const asked: Promise<void>[] = []
  let turn = 0
  const ask = async () => {
    const began = performance.now()
    await questions[turn++ % questions.length]?.()
    waits.push(performance.now() - began)
  }
  const timer = setInterval(() => asked.push(ask()), everyMs)
  try {
    await work()
  } finally {
    clearInterval(timer)
    await Promise.all(asked)
  }
  return waits
}
