/** Requests about one conversation beyond reading and writing it: spam, transfer, who holds what. */
import { request } from './client'
import type { ConversationView, Load } from './types'

const shopPath = (shop: number) => `/api/shops/${shop}`
const orderPath = (shop: number, id: number, order: string) => `${shopPath(shop)}/conversations/${id}/${order}`

export const deleteConversation = (shop: number, id: number, epoch: number, keepalive = false) =>
  request<ConversationView>(orderPath(shop, id, 'delete'), { method: 'POST', body: { epoch }, keepalive })

export const offerTransfer = (shop: number, id: number, offer: { epoch: number; to: number; note: string }) =>
  request<ConversationView>(orderPath(shop, id, 'transfer'), { method: 'POST', body: offer })

/** The receiver takes or declines an offer, the sender cancels it. */
export const answerTransfer = (shop: number, id: number, answer: 'take' | 'decline' | 'cancel', epoch: number) =>
  request<ConversationView>(orderPath(shop, id, `transfer/${answer}`), { method: 'POST', body: { epoch } })

/** What colleagues hold; for seniors. */
export const loadOthers = (shop: number) => request<{ conversations: ConversationView[] }>(`${shopPath(shop)}/desk/others`)

/** How many customers each agent holds, and which, as far as the reader may know. */
export const loadLoad = (shop: number) => request<{ agents: Load[]; waiting: number }>(`${shopPath(shop)}/desk/load`)
