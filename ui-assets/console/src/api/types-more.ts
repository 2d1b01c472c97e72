/** Parts of the API that the committed `openapi.json` does not name yet. */

export interface AgentMore { role?: 'administrator' | 'senior' | 'agent'; presence?: 'online' | 'lost' | 'offline' }
/** An offer of a conversation to a colleague; the owner keeps it until it is taken. */
export interface Transfer { from: number; to: number; note: string; at: number; until: number }
/** What the platform still lets an agent answer. */
export interface Reach { left: number; until: number; trigger: 'message' | 'menu' | 'follow' | 'scan'; state: 'open' | 'last' | 'spent' | 'closed' }
export interface ConversationMore { transfer?: Transfer | null; reach?: Reach | null; closes_at?: number | null; dismissed?: boolean }
export type Auto = 'greeting' | 'closing' | 'offline' | 'nobody' | 'busy'
export interface MessageMore { auto?: Auto | null }
export interface DeliveryMore { proof?: string | null }
