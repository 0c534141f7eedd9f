import { Form } from './links.tsx'

/** A search of a list. It works without JavaScript, and the text is in the address. */
export const SearchForm = ({
  to,
  label,
  text,
  hidden = {},
}: {
  to: string
  label: string
  text: string | undefined
  /** Other parameters of the address. */
  hidden?: Record<string, string | undefined>
}) => (
  <Form class="search" method="get" to={to} role="search">
    {Object.entries(hidden)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
    <label>
      {label} <input type="search" name="q" value={text ?? ''} maxLength={80} />
    </label>{' '}
    <button type="submit">Search</button>
  </Form>
)
