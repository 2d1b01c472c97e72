/**
 * One door for every JSON request: session cookie, CSRF header, language and error bodies.
 * It does not know routes or stores; who must react to a lost session registers here.
 */
import type { ErrorBody } from './types'

/** A refused or impossible request. `status` 0 means that the server was not reached. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: Record<string, string> = {},
    readonly retryAfter: number | null = null,
  ) {
    super(message)
    this.name = 'ApiError'
  }

  /** Whether trying the same request again later can help. */
  get transient(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504
  }
}

export interface ClientHooks {
  csrf: () => string
  language: () => string
  /** Sentence for "the server was not reached". */
  unreachable: () => string
  /** The session ended (401) or needs a new password (403). */
  lost: (code: 'unauthenticated' | 'password_change_required') => void
  /** The CSRF token is stale: load the session again. True when a new token is there. */
  refresh: () => Promise<boolean>
}

let hooks: ClientHooks = {
  csrf: () => '',
  language: () => 'zh-CN',
  unreachable: () => 'unreachable',
  lost: () => undefined,
  refresh: async () => false,
}

/** Connects the client to the stores; called once at start. */
export function connectClient(next: ClientHooks): void {
  hooks = next
}

/** The headers every request of this session carries. */
export function sessionHeaders(method: string): Record<string, string> {
  const headers: Record<string, string> = { 'accept-language': hooks.language() }
  if (method !== 'GET') headers['x-weikefu-csrf'] = hooks.csrf()
  return headers
}

/** Reads an error body; anything unreadable becomes a sentence with the status. */
export function toApiError(status: number, text: string): ApiError {
  let body: Partial<ErrorBody> = {}
  try {
    body = JSON.parse(text) as Partial<ErrorBody>
  } catch {
    // A proxy in between may answer with HTML.
  }
  return new ApiError(
    status,
    body.code ?? 'http',
    body.message ?? (status >= 502 ? hooks.unreachable() : `HTTP ${status}`),
    body.fields ?? {},
    body.retry_after_s ?? null,
  )
}

/** Tells the page about errors that end or block the session. */
export function reportLoss(error: ApiError): void {
  if (error.code === 'unauthenticated') hooks.lost('unauthenticated')
  if (error.code === 'password_change_required') hooks.lost('password_change_required')
}

/** The error for a request that got no answer at all. */
export function unreachable(): ApiError {
  return new ApiError(0, 'unreachable', hooks.unreachable())
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  body?: unknown
  /** Sent as they are instead of JSON. */
  bytes?: Blob
  signal?: AbortSignal
  /** Lets the request outlive the page. */
  keepalive?: boolean
  /** 401 is an ordinary answer here (login, first look at the session). */
  anonymous?: boolean
}

/** Sends a request and returns the decoded answer, or throws an `ApiError`. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<T> {
  try {
    return await once<T>(path, options)
  } catch (error) {
    if (error instanceof ApiError && error.code === 'csrf' && (await hooks.refresh())) {
      return once<T>(path, options)
    }
    throw error
  }
}

async function once<T>(path: string, options: RequestOptions): Promise<T> {
  const method = options.method ?? 'GET'
  const headers = sessionHeaders(method)
  const init: RequestInit = { method, headers, credentials: 'same-origin' }
  if (options.body !== undefined) {
    headers['content-type'] = 'application/json'
    init.body = JSON.stringify(options.body)
  }
  if (options.bytes) {
    headers['content-type'] = 'application/octet-stream'
    init.body = options.bytes
  }
  if (options.signal) init.signal = options.signal
  if (options.keepalive) init.keepalive = true
  let response: Response
  let text: string
  try {
    response = await fetch(path, init)
    text = await response.text()
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw unreachable()
  }
  if (!response.ok) {
    const failure = toApiError(response.status, text)
    if (!options.anonymous) reportLoss(failure)
    throw failure
  }
  try {
    return (text === '' ? undefined : JSON.parse(text)) as T
  } catch {
    throw toApiError(response.status, text)
  }
}
