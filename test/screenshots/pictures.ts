import type { Page } from '@playwright/test'

export interface Picture {
  /** The name of the file in docs/images, without its ending. */
  name: string
  width: number
  height: number
  dark?: boolean
  /** Goes from the first page of the demo to the page of the picture. */
  open: (page: Page) => Promise<void>
}

const newFailure = (page: Page, name: string) =>
  page.locator('.news section', { hasText: 'Newly failing' }).getByRole('listitem').filter({ hasText: name })

const openCommit = (name: string) => (page: Page) =>
  newFailure(page, name)
    .getByRole('link', { name: /^[0-9a-f]{7}/ })
    .click()

const openJob = (name: string) => (page: Page) =>
  newFailure(page, name)
    .getByRole('link', { name: /static|dynamic/ })
    .first()
    .click()

const go = (path: string) => async (page: Page) => void (await page.goto(new URL(path, page.url()).href))

const openBadges = async (page: Page) => {
  await go('/projects/base')(page)
  const badge = page.locator('#badge')
  await badge.getByText('Badge and feeds').click()
  await badge.getByRole('img').evaluate(image => (image as HTMLImageElement).decode())
  await badge.evaluate(element => element.scrollIntoView())
}

export const pictures: readonly Picture[] = [
  { name: 'demo-matrix', width: 1500, height: 1180, open: async () => {} },
  { name: 'demo-matrix-dark', width: 1500, height: 560, dark: true, open: go('/?os=OpenBSD') },
  { name: 'demo-job', width: 1200, height: 900, open: openJob('tools build') },
  { name: 'demo-build', width: 1200, height: 900, open: openCommit('base tests') },
  { name: 'demo-cell', width: 1200, height: 900, open: go('/projects/tools/cells/puffy/amd64/static') },
  { name: 'demo-box', width: 1200, height: 800, open: go('/cells/puffy/amd64') },
  { name: 'demo-queue', width: 1200, height: 700, open: go('/queue?host=opteron') },
  { name: 'feeds-project', width: 800, height: 560, open: openBadges },
  { name: 'feeds-matrix', width: 1200, height: 205, open: go('/matrix.svg?project=base&os=OpenBSD') },
  { name: 'demo-phone', width: 400, height: 800, open: async () => {} },
]
