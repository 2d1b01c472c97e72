/** Requests about quick replies. `mine` is 个人回复, `shared` is 公共回复. */
import { reportLoss, request, sessionHeaders, toApiError, unreachable } from './client'
import type { components } from './schema'

type Schemas = components['schemas']
export type QuickReply = Schemas['QuickReplyView']
export type QuickFolder = Schemas['QuickFolderView']
export type QuickBox = Schemas['QuickBoxView']
export type QuickReplies = Schemas['QuickRepliesView']
export type Imported = Schemas['ImportedView']
export type BoxName = 'mine' | 'shared'

const base = (shop: number) => `/api/shops/${shop}/quick-replies`

export const loadQuickReplies = (shop: number) => request<QuickReplies>(base(shop))

export const addFolder = (shop: number, box: BoxName, name: string) =>
  request<QuickFolder>(`${base(shop)}/${box}/folders`, { method: 'POST', body: { name } })

export const renameFolder = (shop: number, box: BoxName, id: number, name: string) =>
  request<void>(`${base(shop)}/${box}/folders/${id}`, { method: 'PATCH', body: { name } })

export const deleteFolder = (shop: number, box: BoxName, id: number, keepalive = false) =>
  request<void>(`${base(shop)}/${box}/folders/${id}`, { method: 'DELETE', keepalive })

export const addReply = (shop: number, box: BoxName, folder: number | null, title: string, text: string) =>
  request<QuickReply>(`${base(shop)}/${box}/replies`, { method: 'POST', body: { folder, title, text } })

export const editReply = (shop: number, box: BoxName, id: number, title: string, text: string) =>
  request<QuickReply>(`${base(shop)}/${box}/replies/${id}`, { method: 'PATCH', body: { title, text } })

export const deleteReply = (shop: number, box: BoxName, id: number, keepalive = false) =>
  request<void>(`${base(shop)}/${box}/replies/${id}`, { method: 'DELETE', keepalive })

export const orderBox = (shop: number, box: BoxName, order: QuickBox) =>
  request<void>(`${base(shop)}/${box}/order`, {
    method: 'PUT',
    body: {
      folders: order.folders.map((folder) => ({ id: folder.id, replies: folder.replies.map((reply) => reply.id) })),
      replies: order.replies.map((reply) => reply.id),
    },
  })

export const exportUrl = (shop: number, box: BoxName) => `${base(shop)}/${box}/export`

/** Sends a file as UTF-8; Chinese Excel saves CSV in GB 18030, which is read here. */
export async function importFile(shop: number, box: BoxName, file: File): Promise<Imported> {
  const json = /\.json$/i.test(file.name) || file.type === 'application/json'
  const headers = { ...sessionHeaders('POST'), 'content-type': json ? 'application/json' : 'text/csv' }
  const body = decode(new Uint8Array(await file.arrayBuffer()))
  let answer: Response
  let text: string
  try {
    answer = await fetch(`${base(shop)}/${box}/import`, { method: 'POST', headers, body, credentials: 'same-origin' })
    text = await answer.text()
  } catch {
    throw unreachable()
  }
  if (!answer.ok) {
    const failure = toApiError(answer.status, text)
    reportLoss(failure)
    throw failure
  }
  return JSON.parse(text) as Imported
}

function decode(bytes: Uint8Array<ArrayBuffer>): string {
  const [first, second] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('gb18030').decode(bytes)
  }
}
