/**
 * The shapes of the console API, by the server's contract. Times are Unix milliseconds.
 * When `schema.d.ts` is generated from the server's OpenAPI document, this file becomes aliases to it.
 */
export type Role = 'administrator' | 'senior' | 'agent'
export type MediaKind = 'image' | 'voice' | 'video' | 'file'
export type Kind = MediaKind | 'text' | 'location' | 'link' | 'news' | 'mini_program' | 'unknown'

export interface Me {
  id: number
  login: string
  nickname: string
  avatar: string | null
}

export interface ShopMembership {
  id: number
  name: string
  role: Role
}

export interface Session {
  agent: Me
  shops: ShopMembership[]
  csrf: string
  must_change_password: boolean
  version: string
}

export interface AgentView {
  id: number
  nickname: string
  avatar: string | null
  online: boolean
  /** Customers held now. */
  active: number
  limit: number
}

export interface Acceptance {
  auto: boolean
  limit: number
  greeting: string
}

export type MyAgentView = AgentView & { auto: boolean; greeting: string }

export interface CustomerView {
  id: number
  /** The number within the shop, for people. */
  number: number
  /** Nickname, or "" when the platform does not tell it. */
  name: string
  remark: string
  avatar: string | null
  /** The merchant's own system vouched for this identity. */
  verified: boolean
}

export interface ConversationChannel {
  id: number
  plugin: string
  name: string
}

export type ConversationState = 'waiting' | 'active' | 'closed'

export interface LastMessage {
  at: number
  from: Sender
  kind: Kind
  text: string
}

export interface ConversationView {
  id: number
  customer: CustomerView
  channel: ConversationChannel
  state: ConversationState
  owner: number | null
  epoch: number
  opened_at: number
  waiting_since: number
  accepted_at: number | null
  closed_at: number | null
  last_seq: number
  unread: number
  last: LastMessage | null
}

export interface Media {
  id: string
  mime: string
  size: number
  name?: string | null
}

export type Content =
  | { kind: 'text'; text: string }
  | { kind: 'image'; media: Media | null }
  | { kind: 'voice'; media: Media | null; transcript?: string | null }
  | { kind: 'video'; media: Media | null; thumbnail?: Media | null }
  | { kind: 'file'; media: Media | null }
  | { kind: 'location'; latitude: number; longitude: number; label: string }
  | { kind: 'link'; title: string; description: string; url: string }
  | { kind: 'news'; title: string; description: string; url: string; picture: string | null }
  | { kind: 'mini_program'; title: string; app_id: string; page: string }
  | { kind: 'unknown'; original: string; raw: string }

/** What the console may send: media by id only. */
export type OutgoingContent = { kind: 'text'; text: string } | { kind: MediaKind; media: { id: string } }

export type Sender = 'customer' | 'agent' | 'system'
export type DeliveryState = 'queued' | 'sending' | 'accepted' | 'failed' | 'unknown'

export interface Delivery {
  state: DeliveryState
  reason: string | null
  cause: string | null
  at: number
}

export interface MessageView {
  conversation: number
  seq: number
  at: number
  /** The platform's own time, when it tells one. */
  sent_at: number | null
  from: Sender
  agent: number | null
  content: Content
  client_id: string | null
  delivery: Delivery | null
}

export interface SendLimit {
  max_bytes?: number | null
  mime?: string[] | null
}

export interface ChannelStatus {
  health: 'healthy' | 'degraded'
  text: string
}

export interface ChannelView {
  id: number
  plugin: string
  name: string
  sends: Partial<Record<Kind, SendLimit>>
  status: ChannelStatus
}

export interface Desk {
  event: number
  me: MyAgentView
  agents: AgentView[]
  conversations: ConversationView[]
  channels: ChannelView[]
}

export interface Behaviour {
  at: number
  action: string
  detail: string
}

export interface CustomerDetail {
  customer: CustomerView & {
    /** The address on the latest channel: openid or visitor id. */
    address: string | null
    channel: ConversationChannel | null
    phone: string | null
    language: string | null
    first_seen: number
    last_seen: number
    conversations: number
  }
  behaviours: Behaviour[]
}

export interface MessagePage {
  /** Oldest first. */
  messages: MessageView[]
  more: boolean
}

export interface ErrorBody {
  code: string
  message: string
  fields?: Record<string, string> | null
  retry_after_s?: number | null
}

export type LiveFrame =
  | { type: 'hello'; event: number }
  | { type: 'reset'; event: number }
  | { type: 'event'; n: number; what: 'conversation'; conversation: ConversationView }
  | { type: 'event'; n: number; what: 'message'; message: MessageView }
  | { type: 'event'; n: number; what: 'agent'; agent: AgentView }
  | { type: 'event'; n: number; what: 'channel'; channel: { id: number; status: ChannelStatus } }
  | { type: 'tick'; n: number }
  | { type: 'bye'; code: string }
