import { randomUUID } from 'node:crypto'
import { type ForgeKind, signedPing } from '@rumpfarm/connectors'
import { cut, type ProjectConfig } from '@rumpfarm/contracts'
import type { Services } from '../services.ts'
import { farmWideSecrets } from './webhook-secrets.ts'

export interface WebhookTestResult {
  works: boolean
  /** The address to which the farm sent the ping. */
  url: string
  status: number | null
  /** What the answer says, or why there was none. */
  answer: string
  milliseconds: number
}

const answerMsMax = 10_000
const answerLengthMax = 1000

/**
 * Sends a signed ping through the farm's own address, as the forge would. So it shows whether the address, the proxy
 * and the secret work. Only an administrator may call this, because the server sends a request.
 */
export async function testWebhook(
  { config }: Pick<Services, 'config'>,
  project: ProjectConfig,
  kind: ForgeKind,
  farmUrl: string,
): Promise<WebhookTestResult> {
  const url = `${farmUrl}/webhooks/${kind}`
  const failed = (answer: string) => ({ works: false, url, status: null, answer, milliseconds: 0 })
  const secret = signingSecret(project, kind, config)
  if ('problem' in secret) return failed(secret.problem)
  const startedAt = performance.now()
  try {
    const ping = signedPing(kind, secret.value, `test-${randomUUID()}`, new Date())
    if (!ping) return failed('only sourcehut can sign its deliveries: push a commit, and look at the deliveries')
    const { headers, body } = ping
    const signal = AbortSignal.timeout(answerMsMax)
    const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
    const text = await answer.text()
    const milliseconds = Math.round(performance.now() - startedAt)
    return { works: answer.status === 200, url, status: answer.status, answer: wordsOf(text), milliseconds }
  } catch (error) {
    return { ...failed(whyFailed(error as Error)), milliseconds: Math.round(performance.now() - startedAt) }
  }
}

function signingSecret(
  { webhookSecrets }: ProjectConfig,
  kind: ForgeKind,
  { secrets, namedSecrets }: Services['config'],
): { value: string } | { problem: string } {
  if (webhookSecrets === undefined) {
    const [value] = farmWideSecrets(kind, secrets)
    return value === undefined ? { problem: 'the farm has no secret for this forge' } : { value }
  }
  const value = webhookSecrets.map(name => namedSecrets.get(name)).find(Boolean)
  if (value !== undefined) return { value }
  return { problem: `the server's variable ${webhookSecrets.join(', ')} is not set` }
}

/** The answer's JSON has its sentence in `detail` or `status`. A proxy answers with something else. */
function wordsOf(text: string): string {
  try {
    const { detail, status, why } = JSON.parse(text) as Record<string, unknown>
    return cut([detail, status, why].filter(part => typeof part === 'string').join(': '), answerLengthMax)
  } catch {
    return cut(text, answerLengthMax)
  }
}

function whyFailed({ name, message, cause }: Error): string {
  if (name === 'TimeoutError') return `no answer within ${answerMsMax / 1000} s`
  return cut(cause instanceof Error ? cause.message : message, answerLengthMax)
}
