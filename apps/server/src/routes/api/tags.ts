/** The groups of operations, in the order of the reference page. */
const descriptions: Record<string, string> = {
  projects: 'The projects of farm.yaml, and builds of them.',
  builds: 'Builds of commits, what they broke and fixed.',
  tries: 'Builds of trees that people upload.',
  jobs: 'Jobs of builds: their attempts, logs and artifacts.',
  matrix: 'The newest results by host and arch.',
  cells: 'The history of each cell of a branch.',
  commits: 'The built commits of a branch.',
  failures: 'Why jobs failed, and which failures somebody has acknowledged.',
  tests: 'Single tests of jobs.',
  bisections: 'Searches of the first bad commit.',
  'pull requests': 'Pull and merge requests of the forges, and the approval of their commits.',
  queue: 'Waiting and running jobs.',
  hosts: 'The machines that build.',
  notifications: 'Messages about changes, and the channels that receive them.',
  deliveries: 'Webhooks that the farm received, and what it did.',
  events: 'Changes as a stream.',
  access: 'Tokens of programs, and login links of browsers.',
}

/** Describes the tags that operations have. A tag without a description has its name as its description. */
export function tagsOf(used: readonly string[]): { name: string; description: string }[] {
  const known = Object.keys(descriptions)
  const names = [...new Set([...known.filter(name => used.includes(name)), ...used])]
  return names.map(name => ({ name, description: descriptions[name] ?? name }))
}
