/**
 * The shapes of the console API, by the names the console uses. `schema.d.ts` is generated from
 * `openapi.json`, which the server prints from its own table of routes (`weikefu openapi`).
 */
import type { components } from './schema'

type Schemas = components['schemas']

export type Role = Schemas['Role']
export type Kind = Schemas['Kind']
export type MediaKind = Extract<Kind, 'image' | 'voice' | 'video' | 'file'>
export type Me = Schemas['Me']
export type ShopMembership = Schemas['ShopView']
export type Session = Schemas['SessionView']
export type AgentView = Schemas['AgentView']
export type MyAgentView = Schemas['DeskMe']
export type CustomerView = Schemas['CustomerView']
export type ConversationChannel = Schemas['ChannelRef']
export type ConversationState = Schemas['ConversationState']
export type LastMessage = Schemas['LastView']
export type ConversationView = Schemas['ConversationView']
export type Media = Schemas['MediaRef']
export type Content = Schemas['Content']
/** What the console sends: media by id only. */
export type OutgoingContent = Extract<Schemas['SendingContent'], { kind: 'text' | MediaKind }>
export type Sender = Schemas['Speaker']
export type DeliveryState = Schemas['DeliveryState']
export type Delivery = Schemas['DeliveryView']
export type MessageView = Schemas['MessageView']
export type SendLimit = Schemas['Limit']
export type ChannelStatus = Schemas['StatusView']
export type ChannelView = Schemas['ChannelView']
export type Desk = Schemas['DeskView']
export type Behaviour = Schemas['BehaviourView']
export type CustomerDetail = Schemas['CustomerPanel']
export type MessagePage = Schemas['MessagesView']
export type ErrorBody = Schemas['ErrorView']
/** What may change outside the desk's picture. */
export type Topic = Schemas['Topic']
export type LiveFrame = Schemas['Frame']
export type Account = Schemas['AccountView']
export type Enrolled = Schemas['EnrolledView']
export type Right = Schemas['RightView']
export type ChannelCard = Schemas['ChannelCard']
export type Plugin = Schemas['PluginView']
export type Tag = Schemas['TagRef']
export type Annotation = Schemas['AnnotationView']
export type Gender = Schemas['Gender']
/** What the platform still lets an agent answer. */
export type Reach = Schemas['ReachView']
/** Why an offered conversation came back to its owner. */
export type ReturnReason = Schemas['ReturnReason']
/** How many customers an agent holds, and which, as far as the reader may know. */
export type Load = Schemas['AgentLoad']
