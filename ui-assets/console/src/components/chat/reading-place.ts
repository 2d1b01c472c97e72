/**
 * Draws, of a long list of rows, those near the view, and holds what is being read where it is. The rows stand
 * in normal flow between two empty spaces, so they are always in order and never overlap; whatever changes,
 * the list is moved by as much as the rows in view have moved, before the browser paints.
 * Owns the scroll position; when to load history and what counts as read is its user's matter.
 */
import { onBeforeUnmount, onMounted, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import type { Row } from '@/desk/rows'
import { extentAround, rowAt, type Extent } from './extent'

/** Within this distance of the end, in pixels, the reader counts as being there. */
const STICK_PX = 80
/** Rows are drawn this far beyond the view, in pixels. */
const SPARE_PX = 1_000
/** With less than this drawn beyond the view, in pixels, it is drawn anew. */
const LEAST_PX = 400
/** A movement the eye does not see, and scroll positions are rounded by. */
const STILL_PX = 0.5

/** A drawn row in the view; edges in pixels under the upper edge of the view. */
interface Seen {
  key: string
  top: number
  bottom: number
}

export interface ReadingPlace {
  /** What to draw, and the height of the spaces around it. */
  drawn: Readonly<Ref<Extent & { rows: readonly Row[] }>>
  /** Whether the reader is at the end and stays there. */
  atEnd: Readonly<Ref<boolean>>
  /** Whether the very first row is in view. */
  atTop: Readonly<Ref<boolean>>
  /** To be called on every scroll event; says whether the reader moved the list. */
  scrolled: () => boolean
  toEnd: () => void
  /** Puts the row with this key `y` pixels under the upper edge; false when there is none. */
  reveal: (key: string, y?: number) => boolean
}

export function useReadingPlace(
  rows: ComputedRef<Row[]>,
  scroller: Ref<HTMLElement | null>,
  /** The element whose children are the drawn rows, each with its `data-key`. */
  box: Ref<HTMLElement | null>,
  /** Called when everything stands at its place again. */
  settled: () => void,
): ReadingPlace {
  const heights = new Map<string, number>()
  const drawn = shallowRef<Extent & { rows: readonly Row[] }>({ start: 0, end: 0, above: 0, below: 0, rows: [] })
  const atEnd = ref(true)
  const atTop = ref(false)
  let seen: Seen[] = []
  /** A row that was not in view and where to put it. */
  let aim: { key: string; y: number } | null = null
  let pinned = true
  /** The scroll position `seen` was taken at. */
  let seenAt = 0
  /** The scroll position as the reader left it: moved along by what is put right here. */
  let readerAt = 0

  /** An animated scroll is some way ahead of its events; being clamped at the end is no scrolling. */
  function ahead(): number {
    const element = scroller.value
    if (!element) return 0
    const clamped = element.scrollTop < seenAt && element.scrollHeight - element.scrollTop - element.clientHeight < 1
    return clamped ? 0 : element.scrollTop - seenAt
  }

  function move(to: number) {
    const element = scroller.value
    if (!element) return
    const before = element.scrollTop
    element.scrollTop = to
    readerAt += element.scrollTop - before
  }

  /** Chooses what to draw; what is in view, aimed at or the end stays the middle of it. */
  function lay() {
    const list = rows.value
    const view = scroller.value?.clientHeight ?? window.innerHeight
    const find = (key: string) => list.findIndex((row) => row.key === key)
    let place = { index: list.length, y: view }
    if (aim) place = { index: Math.max(0, find(aim.key)), y: aim.y }
    else if (!pinned) {
      const keys = new Map(list.map((row, index) => [row.key, index]))
      const held = seen.find(({ key }) => keys.has(key))
      const offset = scroller.value?.scrollTop ?? 0
      const { index, begins } = rowAt(list, heights, offset)
      place = held ? { index: keys.get(held.key) ?? 0, y: held.top - ahead() } : { index, y: begins - offset }
    }
    const extent = extentAround(list, heights, { ...place, view, spare: SPARE_PX })
    drawn.value = { ...extent, rows: list.slice(extent.start, extent.end) }
  }

  /** Measures what is drawn and remembers what is in view. */
  function look() {
    if (!scroller.value || !box.value) return
    const view = scroller.value.getBoundingClientRect()
    seen = []
    atTop.value = drawn.value.start === 0 && (box.value.firstElementChild?.getBoundingClientRect().bottom ?? 0) > view.top
    for (const element of box.value.children) {
      const key = (element as HTMLElement).dataset.key ?? ''
      const { top, bottom, height } = element.getBoundingClientRect()
      heights.set(key, height)
      // The line at the very top stays there when history comes in: it holds nothing.
      if (bottom > view.top && top < view.bottom && key !== 'top') seen.push({ key, top: top - view.top, bottom: bottom - view.top })
    }
    seenAt = scroller.value.scrollTop
  }

  /** Whether enough is drawn around the view. */
  function enough(): boolean {
    if (!scroller.value || !box.value) return true
    const view = scroller.value.getBoundingClientRect()
    const { start, end } = drawn.value
    const first = box.value.firstElementChild?.getBoundingClientRect()
    const last = box.value.lastElementChild?.getBoundingClientRect()
    if (!first || !last) return rows.value.length === 0
    return (start === 0 || first.top < view.top - LEAST_PX) && (end === rows.value.length || last.bottom > view.bottom + LEAST_PX)
  }

  /**
   * Moves the list back to where it was. New neighbours may take away a row's speaker line, which stands above
   * its words: hold the lower edge then. What grows in place grows downwards: hold the upper edge.
   */
  function hold(edge: 'top' | 'bottom') {
    const element = scroller.value
    if (!element || !box.value) return
    if (pinned) return move(element.scrollHeight)
    const view = element.getBoundingClientRect().top
    const standing = new Map([...box.value.children].map((row) => [(row as HTMLElement).dataset.key ?? '', row]))
    const edgeOf = (key: string, which: 'top' | 'bottom') => (standing.get(key)?.getBoundingClientRect()[which] ?? view) - view
    const held = seen.find(({ key }) => standing.has(key))
    let moved = held ? edgeOf(held.key, edge) + ahead() - held[edge] : 0
    if (aim && standing.has(aim.key)) {
      moved = edgeOf(aim.key, 'top') - aim.y
      // Near either end it cannot get there: from here on it is held like any row.
      aim = null
    }
    if (Math.abs(moved) > STILL_PX) move(element.scrollTop + moved)
  }

  function settle(edge: 'top' | 'bottom') {
    hold(edge)
    look()
    if (!enough()) return lay()
    notice()
    settled()
  }

  /** The end may come into reach without any scrolling. */
  function notice() {
    const element = scroller.value
    if (element && element.scrollHeight - element.scrollTop - element.clientHeight < STICK_PX) atEnd.value = true
    pinned = atEnd.value
  }

  function scrolled(): boolean {
    const element = scroller.value
    if (!element || Math.abs(element.scrollTop - readerAt) <= STILL_PX) return false
    if (element.scrollTop < readerAt) atEnd.value = false
    readerAt = element.scrollTop
    notice()
    look()
    if (!enough()) {
      // Drawing more must not take a small movement near the end back.
      pinned = false
      lay()
    }
    return true
  }

  function toEnd() {
    atEnd.value = pinned = true
    aim = null
    lay()
  }

  function reveal(key: string, y = 0): boolean {
    if (!rows.value.some((row) => row.key === key)) return false
    atEnd.value = pinned = false
    aim = { key, y }
    lay()
    return true
  }

  watch(rows, lay, { immediate: true })
  watch(drawn, () => settle('bottom'), { flush: 'post' })

  // Pictures, a taller composer, another width: seen after layout, put right before painting.
  const resized = new ResizeObserver(() => settle('top'))
  watch(box, (element, before) => {
    if (before) resized.unobserve(before)
    if (element) resized.observe(element)
  }, { flush: 'post' })
  onMounted(() => {
    if (scroller.value) resized.observe(scroller.value)
    if (box.value) resized.observe(box.value)
    settle('bottom')
  })
  onBeforeUnmount(() => resized.disconnect())

  return { drawn, atEnd, atTop, scrolled, toEnd, reveal }
}
