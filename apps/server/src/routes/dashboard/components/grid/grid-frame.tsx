import { usePublicPath } from '../links.tsx'
import { RawHtml } from '../raw-html.tsx'
import type { Grid } from './grid.ts'
import { gridHtml } from './grid-html.ts'

/** Shows a grid. On a narrow window, the table scrolls in this frame, by mouse and by keyboard. */
export const GridFrame = ({ grid }: { grid: Grid }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard (WCAG 2.1.1)
  <section class="frame grid-frame" aria-label={grid.label} tabIndex={0}>
    <RawHtml html={gridHtml(grid, usePublicPath())} />
  </section>
)
