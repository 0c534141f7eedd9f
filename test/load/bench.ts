// `./farm bench [NAME…]` starts a farm, measures it and prints one JSON document. Its progress goes to standard error.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { agent } from './agent.ts'
import { download } from './download.ts'
import type { Bench, BenchOptions, Say } from './figures.ts'
import { growth } from './growth/growth.ts'
import { idle } from './idle.ts'
import { jobs, servers } from './jobs.ts'
import { line } from './line.ts'
import { log } from './log.ts'
import { commit, load, machine } from './machine.ts'
import { matrix } from './matrix.ts'
import { watchers } from './watchers.ts'
import { webhook } from './webhook.ts'

const benches: Record<string, Bench> = {
  webhook,
  jobs,
  log,
  download,
  line,
  matrix,
  watchers,
  idle,
  agent,
  servers,
  growth,
}
/** These benches run only if somebody names them, because they need many minutes. */
const onlyNamed = ['growth', 'servers']

const given = process.argv.slice(2)
const { values, positionals: wanted } = parseArgs({
  args: given,
  allowPositionals: true,
  options: { jobs: { type: 'string' } },
})
const options: BenchOptions = values.jobs === undefined ? {} : { jobs: Number(values.jobs) }
const unknown = wanted.filter(name => !(name in benches))
if (unknown.length > 0) {
  console.error(`there is no bench ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`)
  process.exit(2)
}

const began = new Date()
const results = []
const named = Object.keys(benches).filter(name => !onlyNamed.includes(name))
for (const name of wanted.length > 0 ? wanted : named) results.push(await run(name))
const command = ['./farm bench', ...given].join(' ')
const head = { command, date: began.toISOString(), commit: commit(), machine: machine() }
console.log(JSON.stringify({ ...head, benches: results }, null, 2))

async function run(name: string) {
  const say: Say = words => console.error(`${name}: ${words}`)
  await sleep(1_000) // the previous measurement may still have work to finish
  const loadBefore = load()
  const startedAt = performance.now()
  const figures = (await benches[name]?.(say, options)) ?? []
  for (const { name: what, value, unit, met } of figures)
    say(`${what}: ${value} ${unit}${met === false ? ' (misses its goal)' : ''}`)
  return { name, seconds: Math.round((performance.now() - startedAt) / 1000), loadBefore, loadAfter: load(), figures }
}
