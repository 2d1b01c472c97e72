/** What the requests of the merchant's pages share: addresses, filters as query strings, files to download. */
import { reportLoss, sessionHeaders, toApiError, unreachable } from './client'
import type { components } from './schema'

export type Schemas = components['schemas']
export const shopPath = (shop: number, rest: string) => `/api/shops/${shop}${rest}`

export type Query = Record<string, string | number | boolean | null | undefined>

/** `?a=1&b=2` of what is given; nothing for nothing. */
export function search(query: Query): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') params.set(name, String(value))
  const text = params.toString()
  return text === '' ? '' : `?${text}`
}

/** Sends a file as it is; the server finds out what it holds. */
export async function sendFile<T>(path: string, file: File): Promise<T> {
  const headers = { ...sessionHeaders('POST'), 'content-type': typeOf(file) }
  let answer: Response
  let text: string
  try {
    answer = await fetch(path, { method: 'POST', headers, body: file, credentials: 'same-origin' })
    text = await answer.text()
  } catch {
    throw unreachable()
  }
  if (!answer.ok) {
    const failure = toApiError(answer.status, text)
    reportLoss(failure)
    throw failure
  }
  return JSON.parse(text) as T
}

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** By the name: systems disagree about the type of the same file. */
function typeOf(file: File): string {
  if (/\.xlsx$/i.test(file.name)) return XLSX
  return /\.json$/i.test(file.name) ? 'application/json' : 'text/csv'
}
