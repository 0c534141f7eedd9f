import type { ProbeVerdict, ProbeView } from '@rumpfarm/farm'
import type { Status } from '../../components/status.ts'
import { StatusMark } from '../../components/status-mark.tsx'

const marks: Record<ProbeVerdict, [Status, string]> = {
  good: ['passed', 'passed'],
  bad: ['failed', 'failed'],
  other: ['broken', 'skipped'],
  none: ['lost', 'no result'],
}

/** The verdict of a run: passed, failed, skipped because of another failure, or no result. */
export function VerdictMark({ probe }: { probe: Pick<ProbeView, 'verdict' | 'running'> }) {
  const [status, text] = probe.verdict === null ? open(probe.running) : marks[probe.verdict]
  return <StatusMark status={status}>{text}</StatusMark>
}

const open = (running: boolean): [Status, string] => (running ? ['running', 'running'] : ['queued', 'waiting'])
