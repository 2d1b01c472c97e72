/** Parts of the API that the committed `openapi.json` does not name yet. */

export interface AgentMore { role?: 'administrator' | 'senior' | 'agent'; presence?: 'online' | 'lost' | 'offline' }
/** An offer of a conversation to a colleague; the owner keeps it until it is taken. */
export interface Transfer { from: number; to: number; note: string; at: number; until: number }
export interface ConversationMore { transfer?: Transfer | null; closes_at?: number | null; dismissed?: boolean }
export type Auto = 'greeting' | 'closing' | 'offline' | 'nobody' | 'busy'
export interface MessageMore { auto?: Auto | null }
