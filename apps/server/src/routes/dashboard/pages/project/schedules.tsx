import type { ScheduleView } from '@rumpfarm/farm'
import { Moment } from '../../components/ago.tsx'
import { Link } from '../../components/links.tsx'
import { ScrollFrame } from '../../components/scroll-frame.tsx'

/** The schedules of a project, with the next and the newest run of each. */
export function Schedules({ schedules }: { schedules: readonly ScheduleView[] }) {
  if (schedules.length === 0) return null
  return (
    <section aria-label="Schedules">
      <h2>Schedules</h2>
      <ScrollFrame label="Schedules">
        <table class="list schedules">
          <caption class="hidden-text">Schedules, the next one first</caption>
          <thead>
            <tr>
              <th scope="col">Schedule</th>
              <th scope="col">Branch</th>
              <th scope="col">Next run</th>
              <th scope="col">Last run</th>
            </tr>
          </thead>
          <tbody>
            {schedules.map(schedule => (
              <tr>
                <th scope="row">
                  {schedule.name}
                  {schedule.cron !== null && schedule.cron !== schedule.name && ` (${schedule.cron})`}
                  {schedule.timeZone !== null && `, ${schedule.timeZone}`}
                </th>
                <td data-label="Branch">{schedule.branch ?? 'main branch'}</td>
                <td data-label="Next run">
                  <Moment time={schedule.nextAt} />
                </td>
                <td data-label="Last run">
                  <LastRun last={schedule.last} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
    </section>
  )
}

function LastRun({ last }: Pick<ScheduleView, 'last'>) {
  if (last === null) return <>none yet</>
  return (
    <>
      <Moment time={last.dueAt} />: <Outcome last={last} />
    </>
  )
}

function Outcome({ last: { state, buildId, problem } }: { last: NonNullable<ScheduleView['last']> }) {
  switch (state) {
    case 'built':
      return buildId === null ? <>built</> : <Link to={`/builds/${buildId}`}>build {buildId}</Link>
    case 'unchanged':
      return <>no new commit</>
    case 'failed':
      return <em class="error">failed: {problem}</em>
    case 'due':
      return problem === null ? <>begins</> : <em class="error">not yet, retrying: {problem}</em>
  }
}
