// Slack, Mattermost, Discord, Matrix and ntfy as HTTP servers with the answers and the limits of the real ones.
import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { type Answer, type ReceivedRequest, startReceiver } from '../support/http-receiver.ts'
import { newFailure } from '../support/message.ts'
import type { Channel, OutgoingMessage } from './notifier.ts'
import { makeNotifiers } from './notifiers.ts'

const notifiers = makeNotifiers({ allowPrivate: true })
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

/** The channel of each kind at a server. Each address or token contains the text `s3cret`. */
const channels: Record<string, (url: string) => Channel> = {
  slack: url => ({ kind: 'slack', url: `${url}/services/T0/B0/s3cret` }),
  mattermost: url => ({ kind: 'mattermost', url: `${url}/hooks/s3cret` }),
  discord: url => ({ kind: 'discord', url: `${url}/api/webhooks/1/s3cret` }),
  matrix: url => ({ kind: 'matrix', homeserver: `${url}/`, room: '!abc/d:example.org', token: 's3cret' }),
  ntfy: url => ({ kind: 'ntfy', url: `${url}/push/farm`, token: 's3cret' }),
  webhook: url => ({ kind: 'webhook', url: `${url}/hook?token=s3cret`, secret }),
}

async function send(
  kind: string,
  answer: (request: ReceivedRequest) => Answer,
  message: OutgoingMessage = newFailure(),
) {
  const { url, requests } = await startReceiver(answer)
  const channel = channels[kind]?.(url)
  if (!channel) throw new Error(`no channel ${kind}`)
  const delivery = await notifiers.send(channel, message)
  const [request] = requests
  return { delivery, requests, request, body: JSON.parse(request?.body || '{}') }
}

const accepted = () => ({ status: 200, body: 'ok' })

/** A message that exceeds every limit. */
const huge = newFailure({
  title: '🙂_'.repeat(300),
  lines: Array(100).fill('*&<>_🙂'.repeat(300)),
  excerpt: Array(50).fill('<&🙂'.repeat(100)),
  links: Array(20).fill({ text: '*&'.repeat(200), url: `https://farm.example.org/${'&()'.repeat(100)}` }),
})

test('Slack shows text of a log as text: it escapes <, > and &', async () => {
  const { delivery, request, body } = await send('slack', accepted)
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(request).toMatchObject({ method: 'POST', path: '/services/T0/B0/s3cret' })
  expect(body).toMatchObject({ unfurl_links: false })
  expect(body.text).toContain('*buildrump main: step build fails since abc1234 on 3 of 7 hosts (all OpenBSD)*')
  expect(body.text).toContain("a.c:3: error: '&lt;unistd.h&gt;' &amp; _x_ `y` @everyone")
  expect(body.text.match(/```/g)).toHaveLength(2) // the three backticks of the log do not end the block
  expect(body.text).toContain('<https://farm.example.org/builds/5?a=1&amp;b=2|Build 5>')
})

test('Mattermost notifies nobody because of a log', async () => {
  const { delivery, body } = await send('mattermost', accepted)
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(body.text).not.toMatch(/@(everyone|channel)/)
  expect(body.text).toContain('by Ann O’Hara and \\*Bob\\*')
  expect(body.text).toContain('[Build 5](<https://farm.example.org/builds/5?a=1&b=2>)')
})

test('Discord receives an embed that mentions nobody', async () => {
  const { delivery, request, body } = await send('discord', () => ({ status: 200, body: { id: '1' } }))
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(request?.path).toBe('/api/webhooks/1/s3cret?wait=true')
  expect(body.allowed_mentions).toEqual({ parse: [] })
  const [embed] = body.embeds
  expect(embed).toMatchObject({
    url: 'https://farm.example.org/builds/5?a=1&b=2',
    timestamp: '2026-11-30T00:00:00.000Z',
  })
  expect(embed.description).toContain('and \\*Bob\\*')
  expect(embed.description).toContain('(https://forge.example.org/compare/a...b_%28x%29)')
})

test('Matrix receives one event for each message, also if the farm sends it twice', async () => {
  const events = new Map<string, string>()
  const { url, requests } = await startReceiver(({ path, headers }) => {
    if (headers.authorization !== 'Bearer s3cret') return { status: 401, body: { errcode: 'M_UNKNOWN_TOKEN' } }
    if (!events.has(path)) events.set(path, `$event${events.size}`)
    return { status: 200, body: { event_id: events.get(path) } }
  })
  const channel = channels.matrix?.(url) as Channel
  expect(await notifiers.send(channel, newFailure())).toEqual({ kind: 'delivered' })
  expect(await notifiers.send(channel, newFailure())).toEqual({ kind: 'delivered' })
  expect(requests[0]).toMatchObject({
    method: 'PUT',
    path: '/_matrix/client/v3/rooms/!abc%2Fd%3Aexample.org/send/m.room.message/rumpfarm-17-1764460800',
  })
  expect(events.size).toBe(1)
  const event = JSON.parse(requests[0]?.body ?? '')
  expect(event).toMatchObject({ msgtype: 'm.notice', format: 'org.matrix.custom.html', 'm.mentions': {} })
  expect(event.body).toContain("a.c:3: error: '<unistd.h>' & _x_ `y` @everyone")
  expect(event.formatted_body).toContain('&#60;unistd.h&#62;&#39; &#38; _x_')
  expect(event.formatted_body).toContain('<a href="https://farm.example.org/builds/5?a=1&#38;b=2">Build 5</a>')
})

test('ntfy receives JSON with a title, a priority and a link', async () => {
  const { delivery, request, body } = await send('ntfy', accepted)
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(request).toMatchObject({ path: '/push/', headers: { authorization: 'Bearer s3cret' } })
  expect(body).toMatchObject({ topic: 'farm', priority: 4, click: 'https://farm.example.org/builds/5?a=1&b=2' })
  expect(body.message).toContain('größer')
  expect(body.actions).toHaveLength(2)
})

test('a signed webhook contains the data of the message', async () => {
  const { delivery, request, body } = await send('webhook', accepted)
  expect(delivery).toEqual({ kind: 'delivered' })
  expect(new Webhook(secret).verify(request?.body ?? '', request?.headers ?? {})).toEqual(body)
  expect(body).toEqual(newFailure().data)
  expect(request?.headers['webhook-id']).toBe('rumpfarm-17-1764460800')
})

test.each(['slack', 'mattermost'])(
  'a text for %s has at most 4,000 characters, and its links stay whole',
  async kind => {
    const { body } = await send(kind, accepted, huge)
    expect(body.text.length).toBeLessThanOrEqual(4000)
    expect(body.text).toContain('https://farm.example.org/&')
  },
)

test('an embed for Discord keeps the limits of Discord', async () => {
  const { body } = await send('discord', accepted, huge)
  const [{ title, description }] = body.embeds
  expect(title.length).toBeLessThanOrEqual(256)
  expect(description.length).toBeLessThanOrEqual(4096)
  expect(title.length + description.length).toBeLessThanOrEqual(6000)
})

test('a message for ntfy has at most 4,096 bytes, and an event for Matrix at most 64 KiB', async () => {
  const { body } = await send('ntfy', accepted, huge)
  expect(Buffer.byteLength(body.message)).toBeLessThanOrEqual(4096)
  const { request } = await send('matrix', accepted, huge)
  expect(Buffer.byteLength(request?.body ?? '')).toBeLessThan(65_536)
})

const failed = (problem: string, more = {}) => ({ kind: 'failed', problem, permanent: false, ...more })
const limited = (seconds: number) => ({ retryAfterSeconds: seconds })
const gone = { permanent: true }

test.each<[string, Answer, object]>([
  ['slack', { status: 404, body: 'no_service' }, failed('it answered with status 404 (no_service)', gone)],
  [
    'slack',
    { status: 410, body: 'channel_is_archived' },
    failed('it answered with status 410 (channel_is_archived)', gone),
  ],
  ['slack', { status: 403, body: 'action_prohibited' }, failed('it answered with status 403 (action_prohibited)')],
  ['slack', { status: 400, body: 'invalid_payload' }, failed('it answered with status 400 (invalid_payload)')],
  [
    'slack',
    { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' },
    failed('it answered with status 429 (rate_limited)', limited(30)),
  ],
  ['slack', { status: 503, body: '<html>no server s3cret</html>' }, failed('it answered with status 503')],
  [
    'mattermost',
    { status: 400, body: { id: 'web.incoming_webhook.invalid.app_error', message: 's3cret' } },
    failed('it answered with status 400'),
  ],
  [
    'discord',
    { status: 404, body: { message: 'Unknown Webhook', code: 10015 } },
    failed('it answered with status 404 (10015)', gone),
  ],
  ['discord', { status: 404, body: 'not found' }, failed('it answered with status 404')],
  [
    'discord',
    {
      status: 429,
      headers: { 'retry-after': '2' },
      body: { message: 'You are being rate limited.', retry_after: 1.337, global: false },
    },
    failed('it answered with status 429', limited(2)),
  ],
  ['discord', { status: 429, body: { retry_after: 3600.5 } }, failed('it answered with status 429', limited(3601))],
  [
    'matrix',
    { status: 429, body: { errcode: 'M_LIMIT_EXCEEDED', error: 'Too Many Requests', retry_after_ms: 4200 } },
    failed('it answered with status 429 (M_LIMIT_EXCEEDED)', limited(5)),
  ],
  [
    'matrix',
    { status: 429, headers: { 'retry-after': '7' }, body: { errcode: 'M_LIMIT_EXCEEDED' } },
    failed('it answered with status 429 (M_LIMIT_EXCEEDED)', limited(7)),
  ],
  [
    'matrix',
    { status: 403, body: { errcode: 'M_FORBIDDEN', error: 'not in room' } },
    failed('it answered with status 403 (M_FORBIDDEN)'),
  ],
  [
    'matrix',
    { status: 401, body: { errcode: 'M_UNKNOWN_TOKEN', error: 's3cret' } },
    failed('it answered with status 401 (M_UNKNOWN_TOKEN)'),
  ],
  [
    'ntfy',
    { status: 429, body: { code: 42901, http: 429, error: 'limit reached' } },
    failed('it answered with status 429 (42901)'),
  ],
  [
    'ntfy',
    { status: 403, body: { code: 40301, http: 403, error: 'forbidden' } },
    failed('it answered with status 403 (40301)'),
  ],
  ['webhook', { status: 410 }, failed('it answered with status 410', gone)],
  [
    'webhook',
    { status: 429, headers: { 'retry-after': '99999999' } },
    failed('it answered with status 429', limited(86_400)),
  ],
  ['webhook', { status: 503, headers: { 'retry-after': 'soon' } }, failed('it answered with status 503')],
])('%s answers %j: the right result, without a secret', async (kind, answer, expected) => {
  const { delivery } = await send(kind, () => answer)
  expect(delivery).toEqual(expected)
  expect(JSON.stringify(delivery)).not.toContain('s3cret')
})

test('an HTTP date in Retry-After is the time of the next try', async () => {
  const date = new Date(Date.now() + 90_000).toUTCString()
  const { delivery } = await send('slack', () => ({ status: 429, headers: { 'retry-after': date } }))
  expect((delivery as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(80)
})

test.each(Object.keys(channels))('%s: the farm follows no redirect', async kind => {
  const { delivery, requests } = await send(kind, () => ({ status: 307, headers: { location: '/inside' } }))
  expect(delivery).toEqual(failed('it answered with status 307: the farm follows no redirect'))
  expect(requests).toHaveLength(1)
})

test.each(Object.keys(channels))('%s: the farm does not connect to a private address', async kind => {
  const { url, requests } = await startReceiver(accepted)
  const strict = makeNotifiers({ allowPrivate: false })
  for (const address of [url, url.replace('127.0.0.1', 'localhost'), url.replace('127.0.0.1', '0x7f.1')]) {
    const delivery = await strict.send(channels[kind]?.(address) as Channel, newFailure())
    expect(delivery).toEqual(failed('its address is private; NOTIFY_PRIVATE=true allows private addresses'))
  }
  expect(requests).toEqual([])
})

test.each(Object.keys(channels))('%s: an address that is not valid is a failure, and no error', async kind => {
  const delivery = await notifiers.send(channels[kind]?.('http://s3cret:port') as Channel, newFailure())
  expect(delivery).toMatchObject({ kind: 'failed' })
  expect(JSON.stringify(delivery)).not.toContain('s3cret')
})
