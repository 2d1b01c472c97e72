/**
 * A plugin's settings as fields of a form. Knows the JSON Schema words that plugins use: `type`, `enum` or `oneOf` with
 * `const`, `format`, `writeOnly`, `default`, `description`, `$ref` into `$defs`, `x-en`, the description in English,
 * `x-zh`, where the description itself is English, and `x-unit`: `second` for times.
 */
import type { SchemaColumn } from './schema-table'

export type FieldKind = 'switch' | 'number' | 'choice' | 'lines' | 'colour' | 'secret' | 'text' | 'long' | 'table' | 'json'

export interface SchemaField {
  name: string
  kind: FieldKind
  label: string
  help: string
  required: boolean
  fallback: unknown
  choices: Array<{ value: string; label: string }>
  most: number | undefined
  /** Of a table. */
  columns: SchemaColumn[]
  mostRows: number | undefined
}

type Node = Record<string, unknown>
const object = (value: unknown): Node => (typeof value === 'object' && value !== null ? (value as Node) : {})
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** An optional value is wrapped: the part that is not `null` says what it is. */
function unwrap(node: Node): Node {
  const inner = [...list(node.anyOf)].map(object).find((part) => part.type !== 'null')
  return inner ? { ...inner, ...node, type: inner.type, anyOf: undefined } : node
}

/** What a node points to stands in its place. */
function resolve(root: Node, node: Node): Node {
  const name = /^#\/\$defs\/(\w+)$/.exec(String(node.$ref ?? ''))?.[1]
  return name ? { ...object(object(root.$defs)[name]), ...node, $ref: undefined } : node
}

function typeOf(node: Node): string {
  const types = Array.isArray(node.type) ? node.type : [node.type]
  return String(types.find((type) => type !== 'null') ?? '')
}

/** The first words name the field; the rest explains it. */
function words(node: Node, name: string, english: boolean): { label: string; help: string } {
  const text = String((english && node['x-en']) || (!english && node['x-zh']) || node.description || name).trim()
  const cut = text.search(english && node['x-en'] ? /:/ : /[：，。(]/)
  if (cut < 1) return { label: text, help: '' }
  const help = text.slice(text[cut] === '(' ? cut : cut + 1).trim()
  return { label: text.slice(0, cut), help: help && english ? help[0]?.toUpperCase() + help.slice(1) : help }
}

function kindOf(node: Node, choices: number, columns: number): FieldKind {
  const type = typeOf(node)
  if (node.writeOnly === true) return 'secret'
  if (choices > 0) return 'choice'
  if (type === 'boolean') return 'switch'
  if (type === 'integer' || type === 'number') return 'number'
  if (type === 'array' && columns > 0) return 'table'
  if (type === 'array') return typeOf(object(node.items)) === 'string' ? 'lines' : 'json'
  if (type !== 'string') return 'json'
  if (String(node.pattern ?? '').startsWith('^#[0-9A-Fa-f]{6}')) return 'colour'
  return Number(node.maxLength ?? 0) > 100 ? 'long' : 'text'
}

function choicesOf(node: Node, english: boolean): Array<{ value: string; label: string }> {
  const values = node.enum ? list(node.enum).map((value) => ({ const: value })) : list(node.oneOf).map(object)
  return values
    .filter((one: Node) => typeof one.const === 'string')
    .map((one: Node) => ({ value: String(one.const), label: String((english ? one['x-en'] : one['x-zh']) || one.description || one.const) }))
}

/** The columns of a list of objects with plain members; none when it is something else. What it is about comes first. */
function columnsOf(root: Node, items: Node, english: boolean): SchemaColumn[] {
  const order = ['choice', 'duration', 'number', 'text']
  const columns = Object.entries(object(items.properties)).map(([name, property]): SchemaColumn | null => {
    const node = resolve(root, unwrap(object(property)))
    const choices = choicesOf(node, english)
    const number = ['integer', 'number'].includes(typeOf(node))
    const kind = choices.length > 0 ? 'choice' : number ? (node['x-unit'] === 'second' ? 'duration' : 'number') : typeOf(node) === 'string' ? 'text' : null
    const bound = (value: unknown) => (typeof value === 'number' ? value : undefined)
    return kind && { name, kind, label: words(node, name, english).label, choices, least: bound(node.minimum), most: bound(node.maximum) }
  })
  if (columns.some((column) => column === null)) return []
  return (columns as SchemaColumn[]).sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

export function fieldsOf(schema: unknown, locale: string): SchemaField[] {
  const root = object(schema)
  const required = list(root.required)
  const english = locale !== 'zh-CN'
  const fields = Object.entries(object(root.properties)).map(([name, property]): SchemaField => {
    const node = unwrap(object(property))
    const choices = choicesOf(node, english)
    const columns = typeOf(node) === 'array' ? columnsOf(root, resolve(root, object(node.items)), english) : []
    return {
      name,
      kind: kindOf(node, choices.length, columns.length),
      ...words(node, name, english),
      required: required.includes(name),
      fallback: node.default ?? null,
      choices,
      most: typeof node.maxLength === 'number' ? node.maxLength : undefined,
      columns,
      mostRows: typeof node.maxItems === 'number' ? node.maxItems : undefined,
    }
  })
  // What must be filled in comes first.
  return [...fields.filter((field) => field.required), ...fields.filter((field) => !field.required)]
}

/** What a form shows for a stored value. */
export function shown(field: SchemaField, stored: unknown): unknown {
  const value = stored ?? field.fallback
  if (field.kind === 'secret') return ''
  if (field.kind === 'lines') return list(value).join('\n')
  if (field.kind === 'table') return Array.isArray(value) ? value : null
  if (field.kind === 'json') return value === null ? '' : JSON.stringify(value, null, 2)
  if (field.kind === 'switch') return value === true
  return value ?? (field.kind === 'number' ? undefined : '')
}

/** What is sent for what a form shows; throws where JSON cannot be read. */
export function sent(field: SchemaField, value: unknown): unknown {
  const text = typeof value === 'string' ? value.trim() : value
  if (field.kind === 'lines') return String(text).split('\n').map((line) => line.trim()).filter(Boolean)
  if (field.kind === 'json') return text === '' ? null : (JSON.parse(String(text)) as unknown)
  return text === '' || text === undefined ? null : text
}

/** A random word of letters and digits, of the length the platform wants. */
export function randomWord(length: number): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  let word = ''
  while (word.length < length) {
    // 248 is the largest multiple of 62 in a byte: every letter is as likely as the next.
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      if (byte < 248 && word.length < length) word += letters[byte % 62]
    }
  }
  return word
}
