import Type from 'typebox'
import { count, id, list, maybeMoment, maybeText, ref } from './api-formats.ts'

/** The schemas of the lines of a log, and of the searches in logs. */

const strict = { additionalProperties: false } as const

/** An answer has at most this many lines. */
export const logLinesMax = 1000
export const logLinesDefault = 200
const lineNumber = (description: string) => Type.Optional(id(description))

export const LogLinesFilter = Type.Object(
  {
    first: lineNumber('Number of the first line, from 1. Default: the first line of the log or of the step'),
    last: lineNumber('Number of the last line. Default: the last line of the log or of the step'),
    step: Type.Optional(Type.String({ minLength: 1, maxLength: 100, description: 'Only lines of this step' })),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: logLinesMax,
        default: logLinesDefault,
        description: 'Maximum number of lines',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ maxLength: 200, description: 'Start of the page: the cursor in `next` of the previous page' }),
    ),
  },
  strict,
)

export const LogSearchFilter = Type.Object(
  {
    find: Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Text of the line. A to Z in upper or lower case are equal',
    }),
  },
  strict,
)

export const LogLine = Type.Object(
  {
    number: id('Number of the line in the log, from 1'),
    text: Type.String({ description: 'The line without colours; at most 2,048 characters' }),
    bytes: count('Length of the whole line in the log'),
    at: maybeMoment('When the end of the line arrived at the farm; null if the farm does not know it'),
  },
  { $id: 'LogLine', description: 'One line of a log' },
)

export const LogLines = Type.Object(
  {
    attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
    size: count('Number of bytes of the whole log'),
    items: Type.Array(ref(LogLine)),
    next: maybeText('Address of the next page, also in the header Link; null on the last page'),
  },
  { $id: 'LogLines', description: 'Lines of the log of an attempt' },
)

export const LogMatches = Type.Object(
  {
    attempt: Type.String({ description: 'Name of the attempt: JOB.NUMBER' }),
    size: count('Number of bytes of the log that the farm had at the start of the search'),
    lines: list(id('Number of a line'), 'Numbers of the lines with the text, at most 10,000'),
    complete: Type.Boolean({ description: 'false: the search ended after 10,000 lines, or after 256 MiB' }),
  },
  { $id: 'LogMatches', description: 'Lines of a log that contain a text' },
)
