/// <reference lib="dom" />
// A real server, a receiver and a mail server: what an administrator and a person do with messages in a browser.
import { expect, type Page, test } from '@playwright/test'
import { scriptProject, TestFarm } from '../support/farm-fixture.ts'
import { MailServer } from '../support/mail-server.ts'
import { freePort } from '../support/program.ts'
import { Receiver } from '../support/receiver.ts'

const secret = `whsec_${Buffer.from('a secret for tests').toString('base64')}`

interface World {
  farm: TestFarm
  receiver: Receiver
  mails: MailServer
}

async function withWorld(act: (world: World) => Promise<void>): Promise<void> {
  const [receiver, mails] = [await Receiver.open(), await MailServer.open()]
  receiver.secret = secret
  const port = await freePort() // mail needs PUBLIC_URL, and the agent reaches the farm at this address
  const farm = await TestFarm.open({
    queues: 'postgres',
    environment: {
      ...{ NOTIFY_PRIVATE: 'true', NOTIFY_HOOK: secret, SMTP_URL: mails.url, MAIL_FROM: 'farm@example.org' },
      ...{ PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` },
    },
    farmWide: { 'notify-after': '0s' },
    projects: {
      sample: scriptProject({
        confirm: '0',
        notify: [{ webhook: receiver.url, secret: '$NOTIFY_HOOK' }, { mail: ['dev@example.org'] }, { authors: true }],
      }),
    },
  })
  try {
    await act({ farm, receiver, mails })
  } finally {
    await Promise.all([farm.close(), receiver.close(), mails.close()])
  }
}

async function signIn(farm: TestFarm, page: Page): Promise<void> {
  const { url } = await farm.api().post<{ url: string }>('/api/v1/login-links')
  await page.goto(url)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Loads the page again until it has the text. Messages leave the farm in the background. */
async function reloadUntil(page: Page, text: string | RegExp): Promise<void> {
  await expect(async () => {
    await page.reload()
    await expect(page.getByRole('main')).toContainText(text, { timeout: 200 })
  }).toPass()
}

test('an administrator tests channels, sees a failure with its reason, and sends the message again', async ({
  page,
}) => {
  await withWorld(async ({ farm, receiver, mails }) => {
    await signIn(farm, page)
    await page.goto(`${farm.url}/notifications`)
    await expect(page.getByRole('row', { name: /Mail to authors/ }).getByRole('button')).toHaveCount(0)
    receiver.statuses = [503]
    await page.getByRole('button', { name: /Send a test to Webhook/ }).click()
    await reloadUntil(page, /Not delivered yet, retrying: .*503/)
    await page.getByRole('button', { name: 'Retry message 1' }).click()
    await reloadUntil(page, /Delivered/)
    expect(receiver.received.map(({ id, signed, body }) => [id, signed, body.type])).toEqual([
      [receiver.received[0]?.id, true, 'test'],
      [receiver.received[0]?.id, true, 'test'],
    ])
    await page.getByRole('button', { name: /Send a test to Mail: dev@example.org/ }).click()
    expect((await mails.mail(1)).subject).toBe('Test message of the farm')
    await reloadUntil(page, /2 test.*Delivered.*1 test/s)
  })
})

test('a person follows a project without JavaScript, hears of a failure, and unsubscribes', async ({ browser }) => {
  await withWorld(async ({ farm, mails }) => {
    const context = await browser.newContext({ javaScriptEnabled: false })
    const page = await context.newPage()
    await page.goto(`${farm.url}/projects/sample`)
    await page.getByRole('link', { name: 'Follow sample by mail' }).click()
    await page.getByLabel('Mail address').fill('grace@example.org')
    await page.getByRole('button', { name: 'Send the link' }).click()
    await expect(page.getByRole('heading', { name: 'Read your mail' })).toBeVisible()

    const asked = await mails.mail(1)
    expect([asked.subject, asked.to]).toMatchObject([
      'Confirm that you want to follow sample',
      { text: 'grace@example.org' },
    ])
    const [link = ''] = /http:\S+\/subscriptions\/rfs-\w+/.exec(asked.text ?? '') ?? []
    await page.goto(link)
    await page.getByRole('button', { name: 'Confirm subscription' }).click()
    await expect(page.getByText('You follow sample')).toBeVisible()

    await farm.host('vax')
    await (await (await farm.push('echo fine\n')).job()).finished()
    await farm.push('echo "a.c:7:3: error: broken"; exit 1\n')
    const mailTo = (address: string) => mails.mails.filter(({ to }) => JSON.stringify(to).includes(address)).at(-1)
    await expect(async () => expect(mails.mails.length).toBe(4)).toPass()
    expect(mailTo('ada@example.org')?.text, 'the author of the only commit').toContain('your commit is the only one')
    expect(mailTo('dev@example.org')?.headers.get('list')).not.toHaveProperty('unsubscribe')
    const own = mailTo('grace@example.org')
    expect(own?.subject).toMatch(/^\[sample main\] job step fails since \w+ on vax$/)
    expect(own?.headers.get('list')).toMatchObject({ unsubscribe: { url: link } })
    await page.goto(link)
    await page.getByRole('button', { name: 'Unsubscribe' }).click()
    await expect(page.getByRole('heading', { name: 'Unsubscribed' })).toBeVisible()
    expect((await page.goto(link))?.status()).toBe(404)
  })
})
