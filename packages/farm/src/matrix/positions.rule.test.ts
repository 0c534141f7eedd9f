import { describe, expect, test } from 'vitest'
import { assignPositions, type PositionedCommit } from './positions.rule.ts'

const placed = (...texts: string[]): PositionedCommit[] =>
  texts.map(text => {
    const [commit = '', position = ''] = text.split(' ')
    return { commit, position: Number(position.replace('?', '')), settled: !position.endsWith('?') }
  })

/** `C 3` means that commit C has the position 3. `-B` means that the branch no longer contains commit B. */
const placing = (known: string[], line: string, built: string, complete = true) => {
  const { positions, removed } = assignPositions(placed(...known), {
    commits: line.split(''),
    complete,
    built: new Set(built.split('')),
  })
  return [
    ...[...positions].map(([commit, position]) => `${commit} ${position}`),
    ...removed.map(commit => `-${commit}`),
  ].join(', ')
}

describe('commits have the positions of the branch’s first-parent history', () => {
  // A history is written with its newest commit first. `?` marks a position that the farm assumed when it received the
  // push.
  test.each([
    ['the first commit of a branch has a build', ['A 1?'], 'A', 'A', 'A 1000000'],
    ['the older commits have no builds', ['C 1?'], 'CBA', 'C', 'C 1000002'],
    ['a push adds one newer commit', ['A 10', 'B 11?'], 'BA', 'AB', 'A 10, B 11'],
    ['there are several commits between two builds', ['A 10', 'D 11?'], 'DCBA', 'AD', 'A 10, D 13'],
    ['the push of an older commit comes late', ['A 10', 'C 12', 'B 13?'], 'CBA', 'ABC', 'A 10, B 11, C 12'],
    ['somebody triggers an old commit', ['B 11', 'C 12'], 'CBA', 'ABC', 'B 11, A 10, C 12'],
    ['the branch is reset to an older commit', ['A 10', 'B 11'], 'A', 'A', 'A 10, -B'],
    ['a force push replaces a commit', ['A 10', 'B 11', 'X 12?'], 'XA', 'AX', 'A 10, X 11, -B'],
    ['a new history has no commit of the old one', ['A 10', 'B 11', 'X 12?'], 'XY', 'X', 'X 1000001, -A, -B'],
    ['a commit is not on the branch', ['A 10', 'Q 11?'], 'A', 'A', 'A 10, -Q'],
  ])('the commits get the right positions if %s', (_, known, line, built, expected) => {
    expect(placing(known, line, built).split(', ').sort()).toEqual(expected.split(', ').sort())
  })
})

describe('positions if the farm has read only the newest part of a history', () => {
  test.each([
    ['an older commit keeps its position', ['A 10', 'B 11', 'D 12?'], 'DCB', 'BD', 'B 11, D 13'],
    [
      'if a force push removes a commit, the commit loses its position',
      ['A 10', 'B 11', 'C 12', 'X 13?'],
      'XB',
      'BX',
      'B 11, X 12, -C',
    ],
    [
      'if no known commit was read, the new commits are newer than all known commits',
      ['A 10', 'Z 11?'],
      'ZY',
      'Z',
      'Z 13',
    ],
  ])('the commits get their positions: %s', (_, known, line, built, expected) => {
    expect(placing(known, line, built, false).split(', ').sort()).toEqual(expected.split(', ').sort())
  })
})

test('a commit from a detached HEAD keeps its position while no commit of the branch is built', () => {
  expect(placing(['Q 1000000?'], 'BA', '')).toBe('')
})
