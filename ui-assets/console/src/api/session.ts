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

/** A picture is uploaded (`uploadAvatar`); here it can only be removed. */
export interface MyChanges {
  nickname?: string
  name?: string
  avatar?: null
}

export const updateMe = (changes: MyChanges) => request<Me>('/api/me', { method: 'PATCH', body: changes })

/** Sends a picture as it is; the server redraws it small. */
export const uploadAvatar = (picture: Blob) => request<Me>('/api/me/avatar', { method: 'POST', bytes: picture })

export const endOtherSessions = () => request<{ ended: number }>('/api/session/others/end', { method: 'POST' })
