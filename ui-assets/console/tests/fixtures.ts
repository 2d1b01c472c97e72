/** Small builders for the shapes of the API. */
import type { ConversationView, Desk, MessageView } from '@/api/types'

export function message(seq: number, changes: Partial<MessageView> = {}): MessageView {
  return {
    conversation: 1,
    seq,
    at: seq * 1_000,
    sent_at: null,
    from: 'customer',
    agent: null,
    content: { kind: 'text', text: `message ${seq}` },
    client_id: null,
    delivery: null,
    auto: null,
    ...changes,
  }
}

export function conversation(id: number, changes: Partial<ConversationView> = {}): ConversationView {
  return {
    id,
    customer: { id: 100 + id, number: id, name: 'Ann', remark: '', avatar: null, verified: false, blocked: false, revision: 0, tags: [] },
    channel: { id: 11, plugin: 'wechat', name: 'account' },
    state: 'waiting',
    owner: null,
    epoch: 1,
    opened_at: 1_000,
    waiting_since: 1_000,
    accepted_at: null,
    closed_at: null,
    closes_at: null,
    transfer: null,
    dismissed: false,
    reach: null,
    last_seq: 1,
    unread: 1,
    last: null,
    ...changes,
  }
}

export function desk(changes: Partial<Desk> = {}): Desk {
  return {
    event: 10,
    me: { id: 7, nickname: 'Me', avatar: null, online: true, presence: 'online', role: 'agent', active: 0, limit: 10, auto: true, greeting: '' },
    agents: [
      { id: 7, nickname: 'Me', avatar: null, online: true, presence: 'online', role: 'agent', active: 1, limit: 10 },
      { id: 8, nickname: 'Bo', avatar: null, online: true, presence: 'online', role: 'agent', active: 3, limit: 5 },
      { id: 9, nickname: 'Cy', avatar: null, online: false, presence: 'offline', role: 'agent', active: 0, limit: 5 },
    ],
    conversations: [],
    channels: [],
    role: 'agent',
    shop: { id: 1, name: 'Shop', zone: 'Asia/Shanghai', away_seconds: 60, transfer_seconds: 120, reserve: 2 },
    ...changes,
  }
}

/** A fetch that answers by path; unknown paths fail the test loudly. */
export function respond(answers: Record<string, (init: RequestInit | undefined, url: string) => unknown>) {
  return async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const url = String(input)
    const key = Object.keys(answers).find((path) => url.split('?')[0] === path)
    if (!key) throw new Error(`unexpected request ${url}`)
    const value = await answers[key]?.(init, url)
    return value instanceof Response ? value : new Response(JSON.stringify(value), { status: 200 })
  }
}
