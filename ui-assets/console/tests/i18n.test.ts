import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { SHORTCUTS } from '@/desk/shortcuts'

type Tree = { [key: string]: string | Tree }
const flatten = (tree: Tree, path = ''): Array<[string, string]> =>
  Object.entries(tree).flatMap(([key, value]) =>
    typeof value === 'string' ? [[`${path}${key}`, value] as [string, string]] : flatten(value, `${path}${key}.`),
  )

const src = join(import.meta.dirname, '../src')
// Read as text: imported, they would be compiled messages.
const texts = (locale: string) => {
  const files = readdirSync(join(src, 'i18n/locales')).filter((file) => file === `${locale}.json` || file.endsWith(`.${locale}.json`))
  const all = files.flatMap((file) => flatten(JSON.parse(readFileSync(join(src, 'i18n/locales', file), 'utf8')) as Tree))
  // A key of one file must not hide that of another.
  expect(new Set(all.map(([key]) => key)).size).toBe(all.length)
  return new Map(all)
}
const zhTexts = texts('zh-CN')
const enTexts = texts('en')
const source = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.(?:vue|ts)$/.test(file))
  .map((file) => readFileSync(join(src, file), 'utf8'))
  .join('\n')

/** Literal keys, and the fixed beginnings of computed ones. */
const literal = new Set([...source.matchAll(/['`]([a-z_]+\.[a-z_]+)['`]/g)].map((match) => match[1] as string))
const computed = [...source.matchAll(/\b(?:t|te|translate)\(`([a-z_]+\.)\$\{/g)].map((match) => match[1] as string)

it('both languages have the same keys', () => {
  expect([...enTexts.keys()].sort()).toEqual([...zhTexts.keys()].sort())
})

it('both languages use the same values in a text', () => {
  const values = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort()
  for (const [key, text] of zhTexts) expect([key, values(enTexts.get(key) ?? '')]).toEqual([key, values(text)])
})

it('every key the source names exists', () => {
  const used = [...source.matchAll(/(?:\b(?:t|translate)\(|\$t\()\s*'([^']+)'/g)].map((match) => match[1] as string)
  expect(used.length).toBeGreaterThan(100)
  expect(used.filter((key) => !zhTexts.has(key))).toEqual([])
  expect(SHORTCUTS.filter((shortcut) => !zhTexts.has(`shortcuts.${shortcut.name}`))).toEqual([])
})

it('no key is left unused', () => {
  const unused = [...zhTexts.keys()].filter((key) => !literal.has(key) && !computed.some((start) => key.startsWith(start)))
  expect(unused).toEqual([])
})

it('no text is empty and Chinese uses Chinese punctuation', () => {
  for (const [key, text] of [...zhTexts, ...enTexts]) expect([key, text.trim()]).not.toEqual([key, ''])
  for (const [key, text] of zhTexts) expect([key, /[\u4e00-\u9fff][,?!;]/.test(text)]).toEqual([key, false])
})
