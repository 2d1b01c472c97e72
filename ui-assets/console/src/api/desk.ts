/** Requests of one shop's desk. */
import { request } from './client'
import type {
  AgentView,
  ConversationView,
  Desk,
  MessagePage,
  MessageView,
  OutgoingContent,
} from './types'

const shopPath = (shop: number) => `/api/shops/${shop}`
const conversationPath = (shop: number, id: number) => `${shopPath(shop)}/conversations/${id}`

export const loadDesk = (shop: number) => request<Desk>(`${shopPath(shop)}/desk`)

export const setPresence = (shop: number, online: boolean) =>
  request<AgentView>(`${shopPath(shop)}/presence`, { method: 'POST', body: { online } })

export const acceptConversation = (shop: number, id: number, epoch: number) =>
  request<ConversationView>(`${conversationPath(shop, id)}/accept`, { method: 'POST', body: { epoch } })

export const closeConversation = (shop: number, id: number, epoch: number, keepalive = false) =>
  request<ConversationView>(`${conversationPath(shop, id)}/close`, { method: 'POST', body: { epoch }, keepalive })

export const markRead = (shop: number, id: number, seq: number) =>
  request<void>(`${conversationPath(shop, id)}/read`, { method: 'POST', body: { seq } })

export const showTyping = (shop: number, id: number) =>
  request<void>(`${conversationPath(shop, id)}/typing`, { method: 'POST' })

export const sendMessage = (shop: number, id: number, clientId: string, content: OutgoingContent, force = false) =>
  request<MessageView>(`${conversationPath(shop, id)}/messages`, {
    method: 'POST',
    body: { client_id: clientId, content, ...(force ? { force } : {}) },
  })

export const retryMessage = (shop: number, id: number, seq: number, force = false) =>
  request<MessageView>(`${conversationPath(shop, id)}/messages/${seq}/retry`, { method: 'POST', body: { force } })

export interface PageQuery {
  channel: number
  before?: string
  after?: string
  limit?: number
}

export function loadMessages(shop: number, customer: number, query: PageQuery): Promise<MessagePage> {
  const search = new URLSearchParams({ channel: String(query.channel), limit: String(query.limit ?? 50) })
  if (query.before) search.set('before', query.before)
  if (query.after) search.set('after', query.after)
  return request<MessagePage>(`${shopPath(shop)}/customers/${customer}/messages?${search.toString()}`)
}
