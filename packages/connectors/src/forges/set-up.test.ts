import { describe, expect, test } from 'vitest'
import { forgeKinds } from './event.ts'
import { setUpOf } from './set-up.ts'
import { sourcehutQuery } from './sourcehut.ts'

const options = {
  address: 'https://farm.example.org/webhooks/x',
  secret: 'the text in data/secrets/webhook',
  pullRequests: false,
}
const textOf = (kind: (typeof forgeKinds)[number], pullRequests = false) => {
  const { steps, copy = '' } = setUpOf(kind, { ...options, pullRequests })
  return [...steps, copy].join('\n')
}

describe.each(forgeKinds)('the steps for %s', kind => {
  test('the steps name the address and the secret', () => {
    expect(textOf(kind)).toContain(options.address)
    expect(textOf(kind)).toContain(kind === 'sourcehut' ? 'ed25519:' : options.secret)
  })

  test('each step is a short sentence', () => {
    const { name, steps } = setUpOf(kind, options)
    expect(name).not.toBe('')
    expect(steps.length).toBeGreaterThan(2)
    for (const step of steps) expect(step).toMatch(/^[A-Z].{10,260}[.]$/)
  })
})

test.each(['github', 'gitlab', 'gitea', 'forgejo', 'gogs', 'bitbucket', 'bitbucket-data-center'] as const)(
  'a project with pull requests needs more events of %s',
  kind => expect(textOf(kind, true).length).toBeGreaterThan(textOf(kind).length),
)

test('the mutation for sourcehut contains the query of the webhook as one text', () => {
  const copy = setUpOf('sourcehut', { ...options, address: 'https://farm.example.org/"x"' }).copy ?? ''
  expect(copy).toContain('url: "https://farm.example.org/\\"x\\""')
  expect(copy).toContain(JSON.stringify(sourcehutQuery))
})
