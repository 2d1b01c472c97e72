/**
 * How high rows are, known or presumed, and which of them to draw around a place. Arithmetic only: the
 * page is measured and moved elsewhere.
 */
import type { Row } from '@/desk/rows'

/** Heights of what was drawn before, in pixels, by row key. */
export type Heights = ReadonlyMap<string, number>

/** Rows `start` to `end` (exclusive) are drawn; `above` and `below` stand for the others, in pixels. */
export interface Extent {
  start: number
  end: number
  above: number
  below: number
}

const LINE_PX = 22.5
/** Characters in a line of a wide bubble. */
const LINE_CHARACTERS = 36
const SPEAKER_PX = 31
const heightOf: Record<Row['kind'], number> = { top: 38, day: 43, conversation: 43, unread: 38, message: 46, outgoing: 66 }

/** A guess at the height of a row that was never drawn: wrong guesses cost nothing but an uneven scroll bar. */
export function presumed(row: Row): number {
  if (row.kind !== 'message') return heightOf[row.kind]
  const { content, from } = row.message
  const speaker = row.first && from !== 'system' ? SPEAKER_PX : 0
  if (content.kind === 'text') {
    const lines = content.text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_CHARACTERS)), 0)
    return heightOf.message + (lines - 1) * LINE_PX + speaker
  }
  return (content.kind === 'image' ? 213 : content.kind === 'video' ? 223 : 76) + speaker
}

const heightIn = (rows: readonly Row[], heights: Heights) => (index: number) => {
  const row = rows[index]
  return row ? (heights.get(row.key) ?? presumed(row)) : 0
}

/** The row at `offset` pixels from the beginning, and where it begins. */
export function rowAt(rows: readonly Row[], heights: Heights, offset: number): { index: number; begins: number } {
  const height = heightIn(rows, heights)
  let begins = 0
  let index = 0
  while (index < rows.length - 1 && begins + height(index) <= offset) {
    begins += height(index)
    index += 1
  }
  return { index, begins }
}

/**
 * What to draw so that row `index`, beginning `y` pixels under the upper edge of a view of `view` pixels, has
 * `spare` pixels of drawn rows above and below the view. `index` may be the number of rows: the end.
 */
export function extentAround(rows: readonly Row[], heights: Heights, at: { index: number; y: number; view: number; spare: number }): Extent {
  const height = heightIn(rows, heights)
  let start = at.index
  for (let top = at.y; start > 0 && top > -at.spare; start -= 1) top -= height(start - 1)
  let end = at.index
  for (let bottom = at.y; end < rows.length && bottom < at.view + at.spare; end += 1) bottom += height(end)
  let above = 0
  for (let index = 0; index < start; index += 1) above += height(index)
  let below = 0
  for (let index = end; index < rows.length; index += 1) below += height(index)
  return { start, end, above, below }
}
