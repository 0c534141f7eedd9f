import type { ComponentChildren } from 'preact'

export type Fact = [name: string, value: ComponentChildren]

/** Shows pairs of a name and a value. Leaves out a pair if its value is empty. */
export const Facts = ({ rows, wide = false }: { rows: readonly Fact[]; wide?: boolean }) => (
  <dl class={wide ? 'facts wide' : 'facts'}>
    {rows
      .filter(([, value]) => value !== '')
      .map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
  </dl>
)
