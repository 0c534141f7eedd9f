import { distribution, type Figure, figure, type Say } from './figures.ts'
import { type RealAgent, startAgent } from './real-agent.ts'
import { openScene, preciseNow, type Scene } from './scene.ts'

const linesCount = 60

// No pause of the agent or the farm is a multiple of 0.37 s, so the lines come at different points of these pauses.
const farmYaml = ({ served }: { served: string }) => `
projects:
  talker:
    repository: ${served}
    steps:
      - talk: |
          i=0
          while [ "$i" -lt ${linesCount} ]; do
            sleep 0.37
            i=$((i + 1))
            echo "mark $i $(date +%s%N) end"
          done
`

/** Measures how long a line of a job takes to reach a viewer of the log, with the real agent. */
export async function line(say: Say): Promise<Figure[]> {
  const scene = await openScene({ farmYaml })
  try {
    const agent = await startAgent(scene, 'agent')
    try {
      return [figureOf(await watchJob(scene, agent, say))]
    } finally {
      await agent.stop()
    }
  } finally {
    await scene.close()
  }
}

/**
 * The delay of each line in milliseconds. The result omits the first lines, because the agent does not know yet that
 * the log has a viewer.
 */
async function watchJob(scene: Scene, agent: RealAgent, say: Say): Promise<number[]> {
  await scene.push('served', scene.repository.commits[0] as string)
  await agent.hears('that the job has started', /: started/)
  say(`a job prints ${linesCount} lines`)
  const stopped = new AbortController()
  const over = agent.hears('that the job is over', /: exit, passed/).then(() => stopped.abort())
  const latencies = await readEvents(`${scene.url}/events?log=1.1:0:1`, stopped.signal)
  await over
  if (latencies.length < linesCount / 2)
    throw new Error(`only ${latencies.length} of ${linesCount} lines arrived as events`)
  return latencies
}

const firstCounted = 8

async function readEvents(url: string, stopped: AbortSignal): Promise<number[]> {
  const latencies: number[] = []
  const answer = await fetch(url, { headers: { accept: 'text/event-stream' }, signal: stopped })
  if (!answer.ok || !answer.body) throw new Error(`${url} was answered ${answer.status}`)
  const decoder = new TextDecoder()
  let rest = ''
  try {
    for await (const bytes of answer.body) {
      rest += decoder.decode(bytes, { stream: true })
      const now = preciseNow()
      for (const [, number, nanoseconds] of rest.matchAll(/mark (\d+) (\d{19}) end/g))
        if (Number(number) >= firstCounted) latencies.push(now - Number(nanoseconds) / 1e6)
      rest = rest.slice(rest.lastIndexOf(' end') + 1)
    }
  } catch (error) {
    if (!stopped.aborted) throw error
  }
  return latencies
}

function figureOf(latencies: number[]): Figure {
  const spread = distribution(latencies)
  return figure("a watched log's line, from the job to the browser's event", spread.median, 'ms', {
    goal: { atMost: 300 },
    distribution: spread,
  })
}
