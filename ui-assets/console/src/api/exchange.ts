/** Files in and out: customers, tags, quick replies. */
import type { Chosen } from './people'
import { search, sendFile, shopPath, type Schemas } from './work'

export type Sheet = 'csv' | 'xlsx' | 'json'
export type ImportKind = 'customers' | 'tags' | 'quick-replies' | 'my-replies'

/** A file is taken in whole or, when a row is wrong, not at all. */
export type ImportReport = Schemas['ImportView']

/** Where a file of customers is read from. */
export const customersUrl = (shop: number, format: Sheet, chosen: Chosen) =>
  shopPath(shop, `/exports/customers${search({ format, ...('ids' in chosen ? { ids: chosen.ids.join(',') } : { filter: JSON.stringify(chosen.filter) }) })}`)

/** Where a file of something else is read from. */
export const tableUrl = (shop: number, kind: Exclude<ImportKind, 'customers'>, format: Sheet) =>
  shopPath(shop, `${kind === 'my-replies' ? '/quick-replies/mine/export' : `/exports/${kind}`}${search({ format })}`)

/** With `dry` nothing is stored: the answer says what would be. */
export async function importFile(shop: number, kind: ImportKind, file: File, dry: boolean): Promise<ImportReport> {
  if (kind !== 'my-replies') return sendFile<ImportReport>(shopPath(shop, `/imports/${kind}${search({ dry })}`), file)
  // One's own replies tell less: a file with a wrong row is refused in words.
  const { added, skipped } = await sendFile<Schemas['ImportedView']>(shopPath(shop, `/quick-replies/mine/import${search({ dry })}`), file)
  return { dry, applied: !dry, rows: added + skipped, created: added, changed: 0, unchanged: skipped, passed_over: 0, made: [], ignored: [], error_count: 0, errors: [] }
}

/** Lets the browser fetch a file under the name the server gives it. */
export function download(url: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  document.body.append(link)
  link.click()
  link.remove()
}
