import { ended, expect, markPage, startJob, test } from './farm-page.ts'

test.use({ settings: { PUBLIC_URL: 'http://farm.example/farm' } })

test('if PUBLIC_URL has a path, pages load their style sheet, a running job shows new lines, and the matrix updates itself', async ({
  farm,
  page,
}) => {
  const asked: string[] = []
  page.on('request', request => asked.push(new URL(request.url()).pathname))
  const host = await farm.wireHost('below-1', ['arm'])
  const { offer, path } = await startJob(farm, host)
  await page.goto(`/farm${path}`)
  const stillThere = await markPage(page)
  await host.progress(offer, 'a line\n')
  await expect(page.locator('#L1')).toContainText('a line')
  await stillThere()
  await page.getByRole('link', { name: 'Matrix' }).click()
  await expect(page.getByRole('row', { name: /below-1/ })).toContainText('running')
  await host.finish(offer, 'a line\n', { steps: ended([1], 7) })
  await expect(page.getByRole('row', { name: /below-1/ })).toContainText(/failed for .* at configure/)
  expect(asked.filter(address => !address.startsWith('/farm/'))).toEqual([])
  expect(asked.filter(address => /\/assets\/style-|\/assets\/live-/.test(address))).not.toEqual([])
})
