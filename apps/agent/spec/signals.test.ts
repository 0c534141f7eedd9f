import { expect } from 'vitest'
import { agentTest } from './support/agent-test.ts'

agentTest('an agent with jobs survives many URG signals', async ({ farm, host, enrolled }) => {
  farm.next = 100
  await enrolled()
  host.send(`{ while kill -s URG ${host.agentPid} 2>/dev/null; do sleep 0.001; done; } &`)
  for (let i = 0; i < 8; i++) {
    const attempt = farm.queue({ steps: { one: 'seq 100; sleep 0.3', two: 'echo end' } })
    await farm.finished(attempt)
    expect(attempt.log.toString()).toMatch(/^1\n2\n[\s\S]*100\nend\n$/)
    expect(attempt.finishes[0]).toMatchObject({ reason: 'exit' })
  }
  expect(host.said()).not.toMatch(/unexpected|syntax|agent-1 exit/)
})
