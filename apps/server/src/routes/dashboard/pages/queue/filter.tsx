import type { Queue } from '@rumpfarm/farm'
import { Form, Link } from '../../components/links.tsx'

interface Props {
  queue: Pick<Queue, 'hosts' | 'projects'>
  filter: { host: string | undefined; project: string | undefined }
}

/** Selects a host and a project among those of the queue. */
export function QueueFilter({ queue, filter }: Props) {
  const hosts = namesOf([...queue.hosts, filter.host])
  const projects = namesOf([...queue.projects, filter.project])
  const filtered = filter.host !== undefined || filter.project !== undefined
  if (hosts.length < 2 && projects.length < 2 && !filtered) return null
  return (
    <Form class="log-nav" method="get" to="/queue" aria-label="Filter">
      <Choice name="host" label="Host" every="all hosts" options={hosts} chosen={filter.host} />{' '}
      <Choice name="project" label="Project" every="all projects" options={projects} chosen={filter.project} />{' '}
      <button type="submit">Filter</button> {filtered && <Link to="/queue">All jobs</Link>}
    </Form>
  )
}

const namesOf = (names: readonly (string | undefined)[]): string[] =>
  [...new Set(names.filter(name => name !== undefined))].sort()

interface ChoiceProps {
  name: string
  label: string
  /** The option for no filter. */
  every: string
  options: readonly string[]
  chosen: string | undefined
}

const Choice = ({ name, label, every, options, chosen }: ChoiceProps) => (
  <>
    <label for={name}>{label}</label>{' '}
    <select id={name} name={name}>
      <option value="">{every}</option>
      {options.map(option => (
        <option value={option} selected={option === chosen}>
          {option}
        </option>
      ))}
    </select>
  </>
)
