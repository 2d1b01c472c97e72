/** Files in and out: customers, tags, quick replies. */
import type { Chosen } from './people'
import { search, sendFile, shopPath, type Schemas } from './work'

export type Sheet = 'csv' | 'xlsx' | 'json'
export type ImportKind = 'customers' | 'tags' | 'quick-replies'

/** A file is taken in whole or, when a row is wrong, not at all. */
export type ImportReport = Schemas['ImportView']

/** Where a file of customers is read from. */
export const customersUrl = (shop: number, format: Sheet, chosen: Chosen) =>
  shopPath(shop, `/exports/customers${search({ format, ...('ids' in chosen ? { ids: chosen.ids.join(',') } : { filter: JSON.stringify(chosen.filter) }) })}`)

/** With `dry` nothing is stored: the answer says what would be. */
export const importFile = (shop: number, kind: ImportKind, file: File, dry: boolean) => sendFile<ImportReport>(shopPath(shop, `/imports/${kind}${search({ dry })}`), file)

/** Lets the browser fetch a file under the name the server gives it. */
export function download(url: string): void {
  const link = document.createElement('a')
  link.href = url
  link.download = ''
  document.body.append(link)
  link.click()
  link.remove()
}
