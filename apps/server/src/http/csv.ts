export type CsvValue = string | number | boolean | Date | null | undefined
/** The columns of a CSV file: their names, and how to read their values. */
export type CsvColumns<Row> = readonly [name: string, value: (row: Row) => CsvValue][]

/** The first line of a CSV file. */
export const csvHeader = <Row>(columns: CsvColumns<Row>): string => csvLine(columns.map(([name]) => name))

/** The lines of these rows (RFC 4180). */
export const csvRows = <Row>(columns: CsvColumns<Row>, rows: readonly Row[]): string =>
  rows.map(row => csvLine(columns.map(([, value]) => value(row)))).join('')

export const csvType = 'text/csv; charset=utf-8; header=present'

const csvLine = (values: readonly CsvValue[]): string => `${values.map(field).join(',')}\r\n`

function field(value: CsvValue): string {
  const text = value instanceof Date ? value.toISOString() : harmless(String(value ?? ''))
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * A spreadsheet runs a field as a formula if the field begins with one of these characters, even in quotes. An
 * apostrophe before the character makes the field a text.
 */
const harmless = (text: string): string => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text)
