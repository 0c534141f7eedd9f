import type { Box } from '@rumpfarm/farm'
import { age } from '../times.ts'

/** The text of a box. `before` and `after` are for screen readers, text browsers and telephones; the table hides them. */
export interface BoxWords {
  before: string
  shown: string
  /** Such as `3/10`: 3 of the box's 10 cells fail. Empty for a box of one cell. */
  count: string
  after: string
}

/** The words of a box after the name of its arch. */
export function boxWords(box: Box, at: Date): BoxWords {
  const text = wordsOf(box, at)
  const active = box.activity !== null && box.look !== box.activity ? `, ${box.activity}` : ''
  return { before: '', count: '', ...text, after: `${text.after ?? ''}${active}` }
}

type Words = Partial<BoxWords> & { shown: string }

function wordsOf(box: Box, at: Date): Words {
  switch (box.look) {
    case 'new':
      return failure(box, box.timedOut ? 'newly timed out' : 'newly failed')
    case 'unconfirmed':
      return failure(box, 'failed once, unconfirmed,')
    case 'failing':
    case 'old':
      return failure(box, `${box.timedOut ? 'timed out' : 'failed'} for ${ageOf(box, at)}`)
    case 'known':
      return { shown: 'known', after: ' failure' }
    case 'flaky':
      return { shown: 'flaky' }
    case 'tests-missing':
      return { before: 'passed, but ', shown: 'no tests', after: ' (tests missing)' }
    case 'never-ran':
      return { shown: 'never', after: ' ran' }
    case 'prevented':
      return { shown: 'cannot', after: ' run' }
    case 'running':
      return { before: 'running ', shown: box.step ?? 'starts' }
    case 'queued':
      return { before: 'queued for ', shown: ageOf(box, at) }
    default:
      return { shown: box.look }
  }
}

function failure({ step, count, of, timedOut }: Box, how: string): Words {
  return {
    before: step === null ? `${how}: ` : `${how} at `,
    shown: step ?? (timedOut ? 'timeout' : 'failed'),
    count: of > 1 ? `${count}/${of}` : '',
  }
}

const ageOf = ({ sinceMs }: Box, at: Date): string => (sinceMs === null ? 'some time' : age(new Date(sinceMs), at))
