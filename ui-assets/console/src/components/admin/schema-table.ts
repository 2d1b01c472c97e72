/**
 * A setting that is a list of alike objects, as a table: its columns from the schema of the items, and what is
 * wrong with a cell. Units of time are chosen for reading; what is stored stays in seconds.
 */

export interface SchemaColumn {
  name: string
  kind: 'choice' | 'duration' | 'number' | 'text'
  label: string
  choices: Array<{ value: string; label: string }>
  least: number | undefined
  most: number | undefined
}

export type Cell = string | number | null | undefined
export type TableRow = Record<string, Cell>

/** Largest first. */
export const UNITS = [
  { name: 'day', seconds: 86_400 },
  { name: 'hour', seconds: 3_600 },
  { name: 'minute', seconds: 60 },
  { name: 'second', seconds: 1 },
] as const
export type Unit = (typeof UNITS)[number]['name']
export const secondsIn = (unit: Unit): number => UNITS.find((one) => one.name === unit)?.seconds ?? 1

/** The unit in which a time is a whole number; 48 hours read better than 2 days. */
export function unitOf(seconds: Cell): Unit {
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds <= 0) return 'minute'
  const fits = UNITS.filter((unit) => seconds % unit.seconds === 0)
  const readable = fits.find((unit) => unit.name !== 'day' || seconds > 3 * unit.seconds)
  return (readable ?? fits[0] ?? { name: 'second' as const }).name
}

export type Wrong = { why: 'empty' } | { why: 'range'; least: number; most: number } | { why: 'whole' }

export function wrongIn(column: SchemaColumn, value: Cell): Wrong | null {
  if (value === null || value === undefined || value === '') return { why: 'empty' }
  if (column.kind === 'choice') return column.choices.some((choice) => choice.value === value) ? null : { why: 'empty' }
  if (column.kind === 'text') return null
  if (typeof value !== 'number' || !Number.isInteger(value)) return { why: 'whole' }
  const least = column.least ?? 0
  const most = column.most ?? Number.MAX_SAFE_INTEGER
  return value < least || value > most ? { why: 'range', least, most } : null
}

/** Whether every cell of every row is sound, and the rows are not too many. */
export const isSound = (columns: readonly SchemaColumn[], rows: readonly TableRow[], most: number | undefined): boolean =>
  rows.length <= (most ?? Infinity) && rows.every((row) => columns.every((column) => wrongIn(column, row[column.name]) === null))

/** A new row: the first choice nobody has taken, and the standard's other values for it where there are any. */
export function newRow(columns: readonly SchemaColumn[], rows: readonly TableRow[], standard: readonly TableRow[]): TableRow {
  const key = columns.find((column) => column.kind === 'choice')
  const taken = new Set(rows.map((row) => (key ? row[key.name] : undefined)))
  const choice = key?.choices.find((one) => !taken.has(one.value))?.value ?? key?.choices[0]?.value ?? ''
  const like = standard.find((row) => key && row[key.name] === choice)
  return Object.fromEntries(columns.map((column) => [column.name, column === key ? choice : (like?.[column.name] ?? column.least ?? '')]))
}
