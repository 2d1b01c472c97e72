/** Files of unsent messages in IndexedDB, by key. Where that is refused, a file lives as long as its page. */

const STORE = 'files'

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('weikefu.unsent', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE)
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error ?? new Error('refused'))
  })
}

async function ask<T>(mode: IDBTransactionMode, question: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  if (!('indexedDB' in globalThis)) return undefined
  try {
    const database = await open()
    try {
      return await new Promise<T>((resolve, reject) => {
        const request = question(database.transaction(STORE, mode).objectStore(STORE))
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error ?? new Error('refused'))
      })
    } finally {
      database.close()
    }
  } catch {
    return undefined
  }
}

export const keepFile = (key: string, file: File) => ask('readwrite', (store) => store.put(file, key))
export const forgetFile = (key: string) => ask('readwrite', (store) => store.delete(key))

export async function readFile(key: string): Promise<File | null> {
  const found: unknown = await ask('readonly', (store) => store.get(key))
  return found instanceof File ? found : null
}
