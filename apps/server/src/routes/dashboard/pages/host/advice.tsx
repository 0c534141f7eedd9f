import type { HostView, RefusalCode } from '@rumpfarm/farm'
import type { ComponentChildren } from 'preact'

/** Advice for the owner of a host that takes no jobs. */
export function HostAdvice({ host }: { host: HostView }) {
  const advice = adviceFor(host)
  return advice === null ? null : <p class="advice">{advice}</p>
}

function adviceFor({ presence, refusalCode, name }: HostView): ComponentChildren {
  switch (presence) {
    case 'silent':
      return `The host is down, has no network, or somebody killed its agent. Jobs that run there continue; the server receives their logs when the host is back. Start the agent again on ${name}.`
    case 'away':
      return 'The owner stopped the agent. Jobs for this host wait until it starts again.'
    case 'paused':
      return 'An administrator paused this host. It finishes its running jobs and takes no new ones.'
    case 'online':
      return refusalCode && refusalAdvice[refusalCode]
  }
}

const refusalAdvice: Record<RefusalCode, ComponentChildren> = {
  'agent-too-old':
    'Running jobs continue. New jobs wait for a newer agent. An agent of version 1.1.0 or later updates itself. Replace the agent.sh of an older agent by hand.',
  'host-conf': (
    <>
      Fix that line in host.conf. <code>agent.sh check</code> prints how the agent reads the file.
    </>
  ),
  'disk-full': 'Free some disk space for the work directory. The host takes jobs again within a minute.',
  hours: null,
  other: null,
}
