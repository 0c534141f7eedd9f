import type { Queue } from '@rumpfarm/farm'
import { Form, Link } from '../../components/links.tsx'

interface Props {
  queue: Queue
  filter: { host: string | undefined; project: string | undefined }
}

/** Selects a host and a project among the jobs on the page. */
export function QueueFilter({ queue: { jobs }, filter }: Props) {
  const hosts = namesOf([...jobs.map(({ host }) => host), filter.host])
  const projects = namesOf([...jobs.map(({ project }) => project), filter.project])
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
