import { scene } from './support/scene.ts'
scene('debug', async ({ farm, host, enrolled }) => {
  await enrolled()
  for (let i = 0; i < 5; i++) {
  const attempt = farm.queue({ env: {A: 'x'}, steps: { configure: 'cat readme.txt; date +%s%N', build: 'echo built' } })
  await farm.finished(attempt)
  console.log(attempt.log.toString(), attempt.finishes)
  await farm.until('next', () => farm.seen.at(-1)?.kind === 'claim')
  const t = Number(attempt.log.toString().split('\n')[1]) / 1e6
  console.log('claim->first command', t - attempt.claimedAt, 'source', attempt.sourceAt - attempt.claimedAt, 'finish', attempt.finishes[0]!.at - attempt.claimedAt, 'next claim', farm.seen.at(-1)!.at - attempt.finishes[0]!.at)
  }
  console.log(host.said())
  console.log(farm.story())
  console.log(host.files('slot-1'), host.files('work'))
})
