import type { FastifyInstance } from 'fastify'
import type { ComponentChildren } from 'preact'
import { renderPage } from '../dashboard/components/layout.tsx'
import { Link } from '../dashboard/components/links.tsx'
import { sendPage } from '../dashboard/send-page.ts'
import { anonymousVisit, type Visit } from '../dashboard/visit.ts'

/** The parts of JSON Schema that the schemas of the API use. */
interface Schema {
  $ref?: string
  type?: string | string[]
  enum?: unknown[]
  const?: unknown
  anyOf?: Schema[]
  items?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  format?: string
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  description?: string
  examples?: unknown[]
}

type Content = Record<string, { schema?: Schema; example?: unknown }>

interface Parameter {
  name: string
  in: string
  required?: boolean
  description?: string
  schema?: Schema
}

interface Operation {
  summary?: string
  description?: string
  tags?: string[]
  security?: unknown[]
  parameters?: Parameter[]
  requestBody?: { content: Content }
  responses: Record<string, { description: string; content?: Content }>
}

interface OpenApi {
  info: { description?: string }
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, Schema> }
}

interface NamedOperation extends Operation {
  method: string
  path: string
  id: string
}

/** The OpenAPI document as a page that needs no script (docs/decisions/0017-an-api-page-of-our-own.md). */
export function referencePage(app: FastifyInstance): void {
  app.get('/docs', { schema: { hide: true } }, async (request, reply) =>
    sendPage(reply, renderReferencePage(app.swagger() as unknown as OpenApi, anonymousVisit(request))),
  )
}

const renderReferencePage = ({ info, paths, components }: OpenApi, visit: Visit): string => {
  const groups = groupsOf(paths)
  return renderPage({
    title: 'API reference',
    visit,
    children: (
      <>
        <h1>API reference</h1>
        <p>
          <Text text={info.description} />
        </p>
        <p>
          For programs: <Link to="/api/v1/openapi.json">OpenAPI document</Link>
        </p>
        <nav aria-label="Operations">
          {groups.map(([tag, operations]) => (
            <details>
              <summary>{tag}</summary>
              <ul>
                {operations.map(({ id, method, path, summary }) => (
                  <li>
                    <a href={`#${id}`}>
                      {method} {path}
                    </a>
                    : {summary}
                  </li>
                ))}
              </ul>
            </details>
          ))}
        </nav>
        {groups.map(([tag, operations]) => (
          <>
            <h2>{tag}</h2>
            {operations.map(operation => (
              <OperationView operation={operation} />
            ))}
          </>
        ))}
        <h2>Schemas</h2>
        {Object.entries(components.schemas).map(([name, schema]) => (
          <section class="operation" id={`schema-${name}`} aria-label={name}>
            <h3>{name}</h3>
            {schema.description !== undefined && (
              <p>
                <Text text={schema.description} />
              </p>
            )}
            {schema.properties === undefined && <TypeOf schema={schema} />}
            <Properties schema={schema} />
            {schema.examples?.map(example => (
              <Example value={example} />
            ))}
          </section>
        ))}
      </>
    ),
  })
}

/** Groups the operations by tag, in the order of the document. Leaves out HEAD, which is GET without the body. */
function groupsOf(paths: OpenApi['paths']): [string, NamedOperation[]][] {
  const groups = new Map<string, NamedOperation[]>()
  for (const [path, methods] of Object.entries(paths))
    for (const [method, operation] of Object.entries(methods).filter(([method]) => method !== 'head')) {
      const id = `${method}${path.replace(/[^A-Za-z0-9]+/g, '-')}`.replace(/-$/, '')
      const tag = operation.tags?.[0] ?? 'other'
      groups.set(tag, [...(groups.get(tag) ?? []), { ...operation, method: method.toUpperCase(), path, id }])
    }
  return [...groups]
}

function OperationView({ operation }: { operation: NamedOperation }) {
  const { id, method, path, summary, description, security = [], parameters = [], requestBody, responses } = operation
  const { schema: body, example } = Object.values(requestBody?.content ?? {})[0] ?? {}
  return (
    <section class="operation" id={id} aria-label={`${method} ${path}`}>
      <h3>
        <code>
          {method} {path}
        </code>
      </h3>
      <p>
        <Text text={summary} />. <Text text={description} /> {security.length > 0 && 'A token is needed.'}
      </p>
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <dl class="fields">
            {parameters.map(({ name, in: place, required, description, schema = {} }) => (
              <Field name={name} schema={{ ...schema, description: description ?? schema.description ?? '' }}>
                {`, in the ${place}${required === true && place !== 'path' ? ', required' : ''}`}
              </Field>
            ))}
          </dl>
        </>
      )}
      {body?.properties !== undefined && Object.keys(body.properties).length > 0 && (
        <>
          <h4>Body</h4>
          <Properties schema={body} />
          {example !== undefined && <Example value={example} />}
        </>
      )}
      <h4>Responses</h4>
      <ul>
        {Object.entries(responses).map(([status, { description, content = {} }]) => (
          <li>
            {status}
            {description !== 'Default Response' && ` ${description}`}
            {Object.entries(content).map(([type, { schema }]) => (
              <>
                {' · '}
                {type} {schema?.$ref !== undefined && <TypeOf schema={schema} />}
              </>
            ))}
          </li>
        ))}
      </ul>
    </section>
  )
}

const Example = ({ value }: { value: unknown }) => (
  <details>
    <summary>Example</summary>
    <pre>{JSON.stringify(value, null, 2)}</pre>
  </details>
)

function Properties({ schema: { properties, required = [] } }: { schema: Schema }) {
  if (!properties) return null
  return (
    <dl class="fields">
      {Object.entries(properties).map(([name, schema]) => (
        <Field name={name} schema={schema}>
          {!required.includes(name) && ', optional'}
        </Field>
      ))}
    </dl>
  )
}

function Field({ name, schema, children }: { name: string; schema: Schema; children: ComponentChildren }) {
  return (
    <div>
      <dt>
        <code>{name}</code>{' '}
        <small>
          <TypeOf schema={schema} />
          {children}
        </small>
      </dt>
      <dd>
        <Text text={schema.description} />
        <Properties schema={schema} />
        {schema.items && <Properties schema={schema.items} />}
      </dd>
    </div>
  )
}

function TypeOf({ schema }: { schema: Schema }) {
  const { $ref, anyOf, items, type, format, minimum, maximum, maxLength } = schema
  if ($ref !== undefined) {
    const name = $ref.split('/').at(-1)
    return <a href={`#schema-${name}`}>{name}</a>
  }
  if (anyOf)
    return (
      <>
        {anyOf.map((one, index) => (
          <>
            {index > 0 && ' or '}
            <TypeOf schema={one} />
          </>
        ))}
      </>
    )
  if (items)
    return (
      <>
        array of <TypeOf schema={items} />
      </>
    )
  if (schema.enum) return <>{schema.enum.join(' | ')}</>
  if (schema.const !== undefined) return <>{String(schema.const)}</>
  const limits = [
    format ?? '',
    minimum === undefined ? '' : `from ${minimum}`,
    maximum === undefined ? '' : `to ${maximum}`,
    maxLength === undefined ? '' : `at most ${maxLength} characters`,
    schema.default === undefined ? '' : `default ${schema.default}`,
  ]
  return <>{[[type ?? 'any'].flat().join(' or '), ...limits].filter(Boolean).join(', ')}</>
}

/** Shows a description. Descriptions have no markup except `code`. */
const Text = ({ text = '' }: { text?: string | undefined }) => (
  <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>
)
