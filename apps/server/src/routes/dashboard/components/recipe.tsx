import type { ProjectConfig } from '@rumpfarm/contracts'
import { byteCount, limitTime } from './times.ts'

export const RecipeSteps = ({ steps }: { steps: ProjectConfig['steps'] }) => (
  <ol class="recipe-steps">
    {steps.map(({ name, run }) => (
      <li>
        <strong>{name}</strong>
        <pre>{run}</pre>
      </li>
    ))}
  </ol>
)

/** The patterns of the files that a host uploads. */
export const ArtifactPatterns = ({ patterns }: { patterns: readonly string[] }) =>
  patterns.length === 0 ? null : (
    <p>
      Artifacts:{' '}
      {patterns.map((pattern, index) => (
        <>
          {index > 0 && ', '}
          <code>{pattern}</code>
        </>
      ))}
    </p>
  )

export const Environment = ({ env }: { env: Record<string, string> }) => (
  <pre>
    {Object.entries(env)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}
  </pre>
)

export const Limits = ({
  limits: { wallSeconds, silenceSeconds, logBytes, attempts },
}: {
  limits: ProjectConfig['limits']
}) => (
  <>
    Time limit {limitTime(wallSeconds)} · no-output limit {limitTime(silenceSeconds)} · log limit {byteCount(logBytes)}{' '}
    · {attempts === 1 ? '1 attempt' : `up to ${attempts} attempts`}
  </>
)
