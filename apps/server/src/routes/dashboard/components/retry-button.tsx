import { Form } from './links.tsx'

interface Props {
  /** The page that asks for a confirmation. */
  to: string
  /** The parameters of its address. */
  query?: Record<string, string | undefined>
  text: string
}

/** A button that opens the page on which an administrator confirms that jobs run again. It works without JavaScript. */
export const RetryButton = ({ to, query = {}, text }: Props) => (
  <Form method="get" to={to}>
    {Object.entries(query).map(
      ([name, value]) => value !== undefined && <input type="hidden" name={name} value={value} />,
    )}
    <button type="submit">{text}</button>
  </Form>
)
