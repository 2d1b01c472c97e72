import { describe, expect, it } from 'vitest'
import { extentAround, presumed, rowAt } from '@/components/chat/extent'
import { buildRows } from '@/desk/rows'
import { message } from './fixtures'

const rows = buildRows({ messages: Array.from({ length: 10_000 }, (_, index) => message(index + 1)), outgoing: [], more: false, unreadFrom: null })
const all = rows.reduce((sum, row) => sum + presumed(row), 0)
const total = (extent: ReturnType<typeof extentAround>, heights = new Map<string, number>()) =>
  extent.above + extent.below + rows.slice(extent.start, extent.end).reduce((sum, row) => sum + (heights.get(row.key) ?? presumed(row)), 0)

describe('extentAround', () => {
  it('draws a bounded part of a long list and stands in for the rest', () => {
    const extent = extentAround(rows, new Map(), { index: 5_000, y: 120, view: 600, spare: 1_000 })
    expect(extent.start).toBeLessThan(5_000)
    expect(extent.end - extent.start).toBeLessThan(80)
    expect(total(extent)).toBeCloseTo(all)
  })

  it('draws the end from the row after the last', () => {
    const extent = extentAround(rows, new Map(), { index: rows.length, y: 600, view: 600, spare: 1_000 })
    expect(extent.end).toBe(rows.length)
    expect(extent.below).toBe(0)
    const height = all - extent.above
    expect(height).toBeGreaterThanOrEqual(1_600)
    expect(height).toBeLessThan(1_700)
  })

  it('believes what was measured rather than what was presumed', () => {
    const heights = new Map(rows.map((row) => [row.key, 400]))
    const extent = extentAround(rows, heights, { index: 20, y: 0, view: 600, spare: 1_000 })
    expect(extent).toMatchObject({ start: 17, end: 24, above: 17 * 400 })
    expect(total(extent, heights)).toBe(rows.length * 400)
  })
})

describe('rowAt', () => {
  it('finds the row at an offset, and the last one beyond the end', () => {
    const heights = new Map(rows.map((row) => [row.key, 100]))
    expect(rowAt(rows, heights, 0)).toEqual({ index: 0, begins: 0 })
    expect(rowAt(rows, heights, 250)).toEqual({ index: 2, begins: 200 })
    expect(rowAt(rows, heights, 1e9).index).toBe(rows.length - 1)
  })
})

describe('presumed', () => {
  it('knows that long words and pictures are high', () => {
    const of = (text: string) => presumed({ kind: 'message', key: 'k', message: message(1, { content: { kind: 'text', text } }), first: false, last: true })
    expect(of('字'.repeat(200))).toBeGreaterThan(of('字') + 80)
    expect(of('1\n2\n3')).toBe(of('1') + 45)
  })
})
