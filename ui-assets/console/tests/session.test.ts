import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RouteLocationNormalized } from 'vue-router'
import { ApiError, connectClient, request } from '@/api/client'
import type { Session } from '@/api/types'
import { guide, safeNext } from '@/router'
import { draftKey, useDrafts } from '@/stores/drafts'
import { useSession } from '@/stores/session'
import { respond } from './fixtures'

const session = (changes: Partial<Session> = {}): Session => ({
  agent: { id: 7, login: 'me', nickname: 'Me', name: '', avatar: null },
  shops: [{ id: 1, name: 'One', role: 'agent' }],
  csrf: 'fresh',
  must_change_password: false,
  version: '0',
  ...changes,
})
const to = (name: string, changes: object = {}) =>
  ({ name, params: {}, fullPath: `/${name}`, meta: name === 'login' ? { open: true } : {}, ...changes }) as unknown as RouteLocationNormalized

beforeEach(() => {
  setActivePinia(createPinia())
  localStorage.clear()
})
afterEach(() => vi.unstubAllGlobals())

describe('guide', () => {
  it('sends strangers to the login page and remembers where they wanted to go', () => {
    expect(guide(to('desk', { fullPath: '/shops/1/desk' }))).toEqual({ name: 'login', query: { next: '/shops/1/desk' } })
    expect(guide(to('login'))).toBe(true)
  })
  it('lets nobody past a one-time password', () => {
    useSession().session = session({ must_change_password: true })
    expect(guide(to('desk'))).toEqual({ name: 'password' })
    expect(guide(to('password'))).toBe(true)
  })
  it('skips the choice of one shop', () => {
    useSession().session = session()
    expect(guide(to('shops'))).toEqual({ name: 'desk', params: { shop: 1 } })
  })
  it('offers the choice of several and refuses foreign shops', () => {
    useSession().session = session({ shops: [...session().shops, { id: 2, name: 'Two', role: 'senior' }] })
    expect(guide(to('shops'))).toBe(true)
    expect(guide(to('desk', { params: { shop: '2' } }))).toBe(true)
    expect(guide(to('desk', { params: { shop: '9' } }))).toEqual({ name: 'shops' })
  })
  it('returns only to places of this console', () => {
    expect(safeNext('/shops/1/desk/5')).toBe('/shops/1/desk/5')
    for (const bad of ['//evil.example', 'https://evil.example', '/shopsevil', undefined, ['/shops']]) expect(safeNext(bad)).toBe('/shops')
  })
})

describe('client', () => {
  const lost = vi.fn()
  const refresh = vi.fn(async () => true)
  beforeEach(() => {
    lost.mockClear()
    refresh.mockClear()
    connectClient({ csrf: () => 'token', language: () => 'en', unreachable: () => 'no server', lost, refresh })
  })
  const refused = (status: number, code: string, extra: object = {}) => new Response(JSON.stringify({ code, message: 'why', ...extra }), { status })

  it('sends CSRF with unsafe methods only', async () => {
    const seen: Array<Record<string, string>> = []
    vi.stubGlobal('fetch', respond({ '/a': (init) => (seen.push(init?.headers as Record<string, string>), {}) }))
    await request('/a')
    await request('/a', { method: 'POST', body: {} })
    expect(seen.map((headers) => headers['x-weikefu-csrf'])).toEqual([undefined, 'token'])
    expect(seen[0]?.['accept-language']).toBe('en')
  })
  it('carries code, message, fields and waiting time of a refusal', async () => {
    vi.stubGlobal('fetch', respond({ '/a': () => refused(429, 'too_many_attempts', { fields: { a: 'b' }, retry_after_s: 9 }) }))
    await expect(request('/a')).rejects.toMatchObject({ status: 429, code: 'too_many_attempts', message: 'why', fields: { a: 'b' }, retryAfter: 9 })
  })
  it('reports a lost session, except where 401 is an answer', async () => {
    vi.stubGlobal('fetch', respond({ '/a': () => refused(401, 'unauthenticated') }))
    await expect(request('/a', { anonymous: true })).rejects.toBeInstanceOf(ApiError)
    expect(lost).not.toHaveBeenCalled()
    await expect(request('/a')).rejects.toBeInstanceOf(ApiError)
    expect(lost).toHaveBeenCalledWith('unauthenticated')
  })
  it('repeats once with a fresh CSRF token', async () => {
    let tries = 0
    vi.stubGlobal('fetch', respond({ '/a': () => (tries++ === 0 ? refused(403, 'csrf') : { ok: 1 }) }))
    expect(await request('/a', { method: 'POST' })).toEqual({ ok: 1 })
    expect(refresh).toHaveBeenCalledOnce()
  })
  it('says so when nothing answers, or something else does', async () => {
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('x')))
    await expect(request('/a')).rejects.toMatchObject({ status: 0, message: 'no server', transient: true })
    vi.stubGlobal('fetch', async () => new Response('<html>', { status: 502 }))
    await expect(request('/a')).rejects.toMatchObject({ status: 502, message: 'no server', transient: true })
  })
})

describe('drafts', () => {
  it('live in the browser, one per conversation, until emptied', () => {
    const key = draftKey(7, 1, 5)
    useDrafts().set(key, 'half a sentence')
    setActivePinia(createPinia())
    expect(useDrafts().get(key)).toBe('half a sentence')
    expect(useDrafts().get(draftKey(7, 1, 6))).toBe('')
    useDrafts().set(key, '  ')
    expect(localStorage.getItem('weikefu.drafts')).toBe('{}')
  })
  it('survive broken storage', () => {
    localStorage.setItem('weikefu.drafts', 'no json')
    setActivePinia(createPinia())
    expect(useDrafts().get('x')).toBe('')
  })
})
