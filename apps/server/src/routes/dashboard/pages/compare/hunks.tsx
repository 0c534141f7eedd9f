import type { DiffLine } from '../../../runs/differing-lines.ts'

/** Groups of differing lines. Each line begins with −, + or a space, so that it needs no colour. */
export const Hunks = ({ hunks }: { hunks: readonly DiffLine[][] }) => (
  <>
    {hunks.map(lines => (
      <figure class="hunk">
        <figcaption>{captionOf(lines)}</figcaption>
        <pre>
          {lines.map(({ kind, text }) => (
            <span class={kind}>
              {signs[kind]}
              {text}
              {'\n'}
            </span>
          ))}
        </pre>
      </figure>
    ))}
  </>
)

const signs = { same: '  ', before: '− ', after: '+ ' } as const

function captionOf(lines: readonly DiffLine[]): string {
  const first = lines.find(({ kind }) => kind !== 'same')?.number
  return first === undefined ? 'Lines' : `Line ${first}`
}
