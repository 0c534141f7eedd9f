import type { NotifyTarget } from '@rumpfarm/contracts'
import { expect, test } from 'vitest'
import { resolveTarget } from './notify-target.ts'

const secrets = new Map([['NOTIFY_SLACK', 'https://hooks.example.org/T0']])

test.each<[NotifyTarget, unknown]>([
  [
    { kind: 'slack', url: '$NOTIFY_SLACK' },
    { kind: 'slack', url: 'https://hooks.example.org/T0' },
  ],
  [
    { kind: 'mail', to: ['$NOTIFY_SLACK'] },
    { kind: 'mail', to: ['$NOTIFY_SLACK'] },
  ],
  [
    { kind: 'ntfy', url: 'https://ntfy.example.org/x', token: '$NOTIFY_NTFY' },
    { problem: "the server's variable NOTIFY_NTFY is not set" },
  ],
])('%j', (target, resolved) => expect(resolveTarget(target, secrets)).toEqual(resolved))
