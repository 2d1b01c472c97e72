/** Dates and durations for people, by Intl in the reader's language. */
import dayjs from 'dayjs'

const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(locale: string, key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const id = `${locale}|${key}`
  let found = formatters.get(id)
  if (!found) {
    found = new Intl.DateTimeFormat(locale, options)
    formatters.set(id, found)
  }
  return found
}

export const clock = (at: number, locale: string): string =>
  formatter(locale, 'clock', { hour: '2-digit', minute: '2-digit', hour12: false }).format(at)

export const fullTime = (at: number, locale: string): string =>
  formatter(locale, 'full', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  }).format(at)

export type DayName = { today: true } | { yesterday: true } | { date: string }

/** 今天, 昨天, a weekday date this year, or a full date. */
export function dayName(at: number, now: number, locale: string): DayName {
  const day = dayjs(at)
  const today = dayjs(now)
  if (day.isSame(today, 'day')) return { today: true }
  if (day.isSame(today.subtract(1, 'day'), 'day')) return { yesterday: true }
  if (day.isSame(today, 'year')) {
    return { date: formatter(locale, 'day', { month: 'long', day: 'numeric', weekday: 'short' }).format(at) }
  }
  return { date: formatter(locale, 'date', { year: 'numeric', month: 'long', day: 'numeric' }).format(at) }
}

/** Time in a list: clock today, month and day this year, else the year too. */
export function listTime(at: number, now: number, locale: string): string {
  const day = dayjs(at)
  if (day.isSame(dayjs(now), 'day')) return clock(at, locale)
  if (day.isSame(dayjs(now), 'year')) return formatter(locale, 'short', { month: 'numeric', day: 'numeric' }).format(at)
  return formatter(locale, 'year', { year: '2-digit', month: 'numeric', day: 'numeric' }).format(at)
}

/** A moment in running text: clock today, else month, day and clock. */
export function momentTime(at: number, now: number, locale: string): string {
  const short = listTime(at, now, locale)
  const hour = clock(at, locale)
  return short === hour ? hour : `${short} ${hour}`
}

/** A duration as one number and its unit. */
export function duration(ms: number): { unit: 'now' | 'minutes' | 'hours' | 'days'; count: number } {
  const minutes = Math.floor(Math.max(0, ms) / 60_000)
  if (minutes < 1) return { unit: 'now', count: 0 }
  if (minutes < 60) return { unit: 'minutes', count: minutes }
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? { unit: 'hours', count: hours } : { unit: 'days', count: Math.floor(hours / 24) }
}
