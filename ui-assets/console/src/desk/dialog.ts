/** Which of the shop's dialogs is asked for. The dialogs themselves stand in ShopFrame and ChatPane. */
import { computed, shallowRef, type ComputedRef, type WritableComputedRef } from 'vue'

export type DeskDialog = 'shortcuts' | 'command' | 'transfer' | 'annotate' | 'block' | 'records'

export interface AskedDialog {
  dialog: WritableComputedRef<DeskDialog | null>
  /** The key of a dialog: whoever asks again while the last one is still fading out gets a new one. */
  turn: ComputedRef<number>
}

export function useDialog(): AskedDialog {
  const asked = shallowRef<{ name: DeskDialog | null; turn: number }>({ name: null, turn: 0 })
  const dialog = computed({
    get: () => asked.value.name,
    set: (name) => (asked.value = { name, turn: asked.value.turn + (name === null ? 0 : 1) }),
  })
  return { dialog, turn: computed(() => asked.value.turn) }
}

/**
 * A dialog or a picture covers the page. One that is only fading out does not, so that a fast hand loses no
 * key; nor does a closed one that still lies in the page.
 */
export const isCovered = (): boolean =>
  [...document.querySelectorAll('.el-overlay-dialog:not(.is-closing), .el-image-viewer__wrapper:not(.viewer-fade-leave-active)')].some((element) =>
    element.checkVisibility())

/** Keys go to something other than the desk: what covers it, or the records beside the chat. */
export const keyboardIsTaken = (): boolean => isCovered() || document.querySelector('.records') !== null
