import type { ComponentChildren } from 'preact'

/** An area that scrolls sideways on a narrow screen, by mouse and by keyboard (WCAG 2.1.1). */
export const ScrollFrame = ({ label, children }: { label: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard cannot scroll the area
  <section class="frame" aria-label={label} tabIndex={0}>
    {children}
  </section>
)
