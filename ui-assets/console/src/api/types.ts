/**
 * The shapes of the console API, by the names the console uses. `schema.d.ts` is generated from
 * `openapi.json`, which the server prints from its own table of routes (`weikefu openapi`).
 */
import type { components } from './schema'
import type { AgentMore, Auto, ConversationMore, MessageMore, Transfer as TransferView } from './types-more'

type Schemas = components['schemas']

export type Role = Schemas['Role']
export type Kind = Schemas['Kind']
export type MediaKind = Extract<Kind, 'image' | 'voice' | 'video' | 'file'>
export type Me = Schemas['Me']
export type ShopMembership = Schemas['ShopView']
export type Session = Schemas['SessionView']
export type AgentView = Schemas['AgentView'] & AgentMore
export type Acceptance = Schemas['AcceptanceView']
export type MyAgentView = Schemas['DeskMe'] & AgentMore
export type CustomerView = Schemas['CustomerView']
export type ConversationChannel = Schemas['ChannelRef']
export type ConversationState = Schemas['ConversationState']
export type Sender = Schemas['Speaker']
export type LastMessage = Schemas['LastView']
export type ConversationView = Schemas['ConversationView'] & ConversationMore
export type Media = Schemas['MediaRef']
export type Content = Schemas['Content']
/** What the console sends: media by id only. */
export type OutgoingContent = Extract<Schemas['SendingContent'], { kind: 'text' | MediaKind }>
export type DeliveryState = Schemas['DeliveryState']
export type Delivery = Schemas['DeliveryView']
export type MessageView = Schemas['MessageView'] & MessageMore
export type AutoKind = Auto
export type Tag = Schemas['TagRef']
export type Annotation = Schemas['AnnotationView']
export type Gender = Schemas['Gender']
export type Transfer = TransferView
export type Reach = Schemas['ReachView']
export type SendLimit = Schemas['Limit']
export type ChannelStatus = Schemas['StatusView']
export type ChannelView = Schemas['ChannelView']
export type Desk = Omit<Schemas['DeskView'], 'conversations' | 'me' | 'agents'> & { me: MyAgentView; agents: AgentView[]; conversations: ConversationView[] }
export type Behaviour = Schemas['BehaviourView']
export type CustomerFacts = Schemas['CustomerDetail']
export type CustomerDetail = Schemas['CustomerPanel']
export type MessagePage = Omit<Schemas['MessagesView'], 'messages'> & { messages: MessageView[] }
export type ErrorBody = Schemas['ErrorView']
export type LiveFrame =
  | Exclude<Schemas['Frame'], { type: 'event' }>
  | { type: 'event'; n: number; what: 'conversation'; conversation: ConversationView }
  | { type: 'event'; n: number; what: 'message'; message: MessageView }
  | { type: 'event'; n: number; what: 'agent'; agent: AgentView }
  | { type: 'event'; n: number; what: 'channel'; channel: { id: number; status: ChannelStatus } }
  | { type: 'event'; n: number; what: 'changed'; topic: Topic }
  | { type: 'event'; n: number; what: 'returned'; conversation: number; reason: ReturnReason }
/** What somebody changed in the settings; whoever shows it reads it anew. */
export type Topic = Schemas['Topic']
/** Why an offered conversation came back to its owner. */
export type ReturnReason = 'declined' | 'timeout' | 'offline'
