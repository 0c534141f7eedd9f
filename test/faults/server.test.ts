import { expect } from 'vitest'
import { bothQueues, farmTest } from '../support/farm-test.ts'

/** A job that counts to `upTo`, a line every 0.1 s. */
const counting = (upTo: number) => `i=0; while [ $i -lt ${upTo} ]; do i=$((i+1)); echo line $i; sleep 0.1; done\n`
const counted = (upTo: number) => Array.from({ length: upTo }, (_, i) => `line ${i + 1}\n`).join('')

for (const queues of bothQueues) {
  farmTest(
    `${queues}: a job goes on while its server is killed -9, and ends once, its log byte-exact`,
    { queues },
    async farm => {
      await farm.host('vax')
      const job = await (await farm.push(counting(40))).job()
      await job.logged('line 3\n')
      await farm.kill9()
      await farm.start()
      const { verdict, attempts } = await job.finished()

      expect(verdict).toBe('passed')
      expect(attempts.length).toBe(1)
      expect((await job.log()).toString()).toBe(counted(40))
    },
  )
}
