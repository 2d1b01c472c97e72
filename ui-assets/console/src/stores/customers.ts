/**
 * What the desk knows of the customers on the screen: details, tags, annotations. Changes are shown at
 * once and taken back when the server refuses them.
 */
import { defineStore } from 'pinia'
import { reactive, ref } from 'vue'
import * as api from '@/api/customer'
import type { Annotation, CustomerDetail, CustomerView, Tag } from '@/api/types'
import { useDesk } from './desk'

/** Details kept; the one not looked at for longest goes first. */
const KEPT = 20

export const useCustomers = defineStore('customers', () => {
  const details = reactive(new Map<number, CustomerDetail>())
  const tags = ref<Tag[] | null>(null)
  /** Of which shop, and after which change, the tags are. */
  let tagsOf = ''

  function shop(): number {
    const { shop: open } = useDesk()
    if (open === null) throw new Error('no shop')
    return open
  }

  async function load(id: number): Promise<void> {
    keep(id, await api.loadCustomer(shop(), id))
  }

  function keep(id: number, detail: CustomerDetail) {
    details.delete(id)
    details.set(id, detail)
    for (const old of [...details.keys()].slice(0, Math.max(0, details.size - KEPT))) details.delete(old)
  }

  /** Puts what changed into the panel and every list the customer stands in. */
  function show(id: number, changes: Partial<CustomerView> & Partial<CustomerDetail['customer']>) {
    const detail = details.get(id)
    if (detail) details.set(id, { ...detail, customer: { ...detail.customer, ...changes } })
    const desk = useDesk()
    for (const view of desk.conversations.values()) {
      if (view.customer.id !== id) continue
      const known = Object.fromEntries(Object.entries(changes).filter(([key]) => key in view.customer))
      desk.conversations.set(view.id, { ...view, customer: { ...view.customer, ...known } })
    }
  }

  /** Shows a change, asks for it, and takes it back when it is refused. */
  async function change(id: number, changes: Partial<CustomerDetail['customer']>, ask: () => Promise<CustomerView>): Promise<void> {
    const held = details.get(id)?.customer ?? [...useDesk().conversations.values()].find((view) => view.customer.id === id)?.customer
    const before = held && Object.fromEntries(Object.keys(changes).flatMap((key) => (key in held ? [[key, held[key as keyof typeof held]]] : [])))
    show(id, changes)
    try {
      show(id, await ask())
    } catch (error) {
      if (before) show(id, before)
      throw error
    }
  }

  const edit = (id: number, changes: api.CustomerChanges) => change(id, changes, () => api.updateCustomer(shop(), id, changes))
  const setTags = (id: number, next: Tag[]) => change(id, { tags: next }, () => api.setTags(shop(), id, next.map((tag) => tag.id)))
  const block = (id: number, blocked: boolean) => change(id, { blocked }, () => api.setBlocked(shop(), id, blocked))

  async function refresh(id: number): Promise<void> {
    await api.refreshCustomer(shop(), id)
    await load(id)
  }

  /** The shop's service tags, read again after somebody changed them. */
  async function loadTags(): Promise<void> {
    const of = shop()
    const state = `${of}.${useDesk().changes.tags}`
    if (tagsOf === state) return
    tags.value = await api.loadTags(of)
    tagsOf = state
  }

  async function createTag(name: string): Promise<Tag> {
    const tag = await api.createTag(shop(), name)
    tags.value = [...(tags.value ?? []), tag]
    return tag
  }

  function annotated(id: number, annotation: Annotation) {
    const detail = details.get(id)
    if (detail) details.set(id, { ...detail, annotations: [annotation, ...detail.annotations.filter((held) => held.id !== annotation.id)] })
  }

  return { details, tags, load, edit, setTags, block, refresh, loadTags, createTag, annotated }
})
