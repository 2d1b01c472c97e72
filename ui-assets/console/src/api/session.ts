/** Requests about the person who is logged in. */
import { request } from './client'
import type { Me, Session } from './types'

export const login = (name: string, password: string) =>
  request<Session>('/api/login', { method: 'POST', body: { login: name, password }, anonymous: true })

export const currentSession = () => request<Session>('/api/session', { anonymous: true })

/** Asks whether the session still lives; a 401 leads to the login page like everywhere else. */
export const checkSession = () => request<Session>('/api/session')

export const logout = () => request<void>('/api/logout', { method: 'POST', anonymous: true })

export const changePassword = (old: string, next: string) =>
  request<Session>('/api/session/password', { method: 'POST', body: { old, new: next } })

export const updateMe = (changes: { nickname?: string; avatar?: string | null }) =>
  request<Me>('/api/me', { method: 'PATCH', body: changes })
