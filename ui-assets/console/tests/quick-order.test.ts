import { describe, expect, it } from 'vitest'
import type { QuickBox } from '@/api/quick-replies'
import { placeFolder, placeReply, stepFolder, stepReply } from '@/components/settings/quick-order'

const replies = (ids: number[]) => ids.map((id) => ({ id, title: '', text: String(id) }))
const box: QuickBox = {
  folders: [
    { id: 10, name: 'a', replies: replies([1, 2]) },
    { id: 20, name: 'b', replies: [] },
  ],
  replies: replies([3, 4]),
}
const shape = (held: QuickBox | null) =>
  held && [...held.folders.map((folder) => `${folder.id}:${folder.replies.map((reply) => reply.id).join()}`), held.replies.map((reply) => reply.id).join()]

describe('the order of quick replies', () => {
  it('a reply is put before another or at an end, in its folder or another', () => {
    expect(shape(placeReply(box, 4, 10, 1))).toEqual(['10:4,1,2', '20:', '3'])
    expect(shape(placeReply(box, 1, 20, null))).toEqual(['10:2', '20:1', '3,4'])
    expect(shape(placeReply(box, 3, null, null))).toEqual(['10:1,2', '20:', '4,3'])
    expect(shape(placeReply(box, 1, null, 4))).toEqual(['10:2', '20:', '3,1,4'])
    for (const same of [placeReply(box, 1, 10, 1), placeReply(box, 4, null, null), placeReply(box, 9, 10, 1), placeReply(box, 1, 99, null), placeReply(box, 1, 10, 2)]) expect(same).toBeNull()
  })
  it('steps lead over the edges of folders and end at the top and the bottom', () => {
    expect(shape(stepReply(box, 1, 1))).toEqual(['10:2,1', '20:', '3,4'])
    expect(shape(stepReply(box, 2, 1))).toEqual(['10:1', '20:2', '3,4'])
    expect(shape(stepReply(box, 3, -1))).toEqual(['10:1,2', '20:3', '4'])
    expect([stepReply(box, 1, -1), stepReply(box, 4, 1), stepReply(box, 9, 1)]).toEqual([null, null, null])
  })
  it('folders move with what is in them', () => {
    expect(shape(placeFolder(box, 20, 10))).toEqual(['20:', '10:1,2', '3,4'])
    expect(shape(stepFolder(box, 10, 1))).toEqual(['20:', '10:1,2', '3,4'])
    expect([stepFolder(box, 10, -1), stepFolder(box, 20, 1), placeFolder(box, 9, 10)]).toEqual([null, null, null])
  })
  it('never changes what it was given', () => {
    const before = JSON.stringify(box)
    placeReply(box, 1, null, 3)
    stepFolder(box, 10, 1)
    expect(JSON.stringify(box)).toBe(before)
  })
})
