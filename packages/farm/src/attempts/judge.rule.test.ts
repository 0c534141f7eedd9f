import type { FinishReason } from '@rumpfarm/contracts'
import { describe, expect, test } from 'vitest'
import { judge } from './judge.rule.ts'

const names = ['configure', 'build', 'tests']
const ends = (...exits: number[]) => exits.map(exit => ({ exit, milliseconds: 5, logBytes: 10 }))

describe('the verdict of an attempt', () => {
  test.each<[FinishReason, number[], string, string | null]>([
    ['exit', [0, 0, 0], 'passed', null],
    ['exit', [0, 1], 'failed', 'build'],
    ['exit', [0, 0, 143], 'failed', 'tests'],
    ['exit', [127], 'failed', 'configure'], // the host lacks a tool, and the host's owner needs the name of the step
    ['exit', [0], 'broken', 'build'], // if a step did not end and no reason was sent, the agent has a defect
    ['wall-limit', [0], 'timed-out', 'build'],
    ['silence-limit', [0, 0], 'timed-out', 'tests'],
    ['log-limit', [0], 'failed', 'build'],
    ['cancelled', [0], 'cancelled', null],
    ['disk-full', [0], 'broken', 'build'],
    ['broken', [], 'broken', 'configure'],
    ['vanished', [0, 0], 'lost', 'tests'],
    ['stopped', [], 'lost', 'configure'],
    ['refused', [], 'broken', null], // no step of the project caused this
  ])('the reason %s and the exit codes %j give the verdict %s at step %s', (reason, exits, verdict, failedStep) => {
    expect(judge(reason, names, ends(...exits))).toMatchObject({ verdict, failedStep })
  })
})
