import type { OutgoingMessage } from './notifier.ts'
import { escapedHtml } from './text.ts'

/** The two forms of a mail: plain text and HTML. Both have the same content. */
export const mailBodies = (message: OutgoingMessage): { text: string; html: string } => ({
  text: textBody(message),
  html: htmlBody(message),
})

function textBody({ title, lines, excerpt, links, unsubscribeUrl }: OutgoingMessage): string {
  const parts = [
    [title],
    lines,
    excerpt.map(line => `    ${line}`),
    links.map(({ text, url }) => `${text}:\n${url}`),
    unsubscribeUrl ? ['-- ', `Unsubscribe: ${unsubscribeUrl}`] : [],
  ]
  return `${parts
    .filter(part => part.length > 0)
    .map(part => part.join('\n'))
    .join('\n\n')}\n`
}

/** Mail programs remove style sheets, so each element has its own style. The colours of the text are those of the reader. */
function htmlBody({ title, lines, excerpt, links, unsubscribeUrl }: OutgoingMessage): string {
  const parts = [
    `<h1 style="font-size:1.2em">${escapedHtml(title)}</h1>`,
    lines.length > 0 ? `<p>${lines.map(escapedHtml).join('<br>\n')}</p>` : '',
    excerpt.length > 0
      ? `<pre style="border-left:3px solid #888;padding-left:.8em;white-space:pre-wrap">${escapedHtml(excerpt.join('\n'))}</pre>`
      : '',
    links.length > 0 ? `<ul>${links.map(({ text, url }) => `<li>${link(text, url)}</li>`).join('\n')}</ul>` : '',
    unsubscribeUrl ? `<p style="font-size:.9em">${link('Unsubscribe', unsubscribeUrl)}</p>` : '',
  ]
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${escapedHtml(title)}</title></head>
<body style="font-family:sans-serif">
${parts.filter(Boolean).join('\n')}
</body>
</html>
`
}

const link = (text: string, url: string): string => `<a href="${escapedHtml(url)}">${escapedHtml(text)}</a>`
