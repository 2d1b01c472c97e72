/** What a file is by its first bytes. Names and the browser's guess can be wrong; platforms look inside. */

/** As many bytes as the longest signature here needs. */
const HEAD = 64

const ascii = (bytes: Uint8Array, from: number, length: number) => String.fromCharCode(...bytes.subarray(from, from + length))

/** The content type a file's beginning shows, or null when it shows none we know. */
export function typeOf(bytes: Uint8Array): string | null {
  const at = (index: number) => bytes[index] ?? -1
  if (at(0) === 0xff && at(1) === 0xd8 && at(2) === 0xff) return 'image/jpeg'
  if (at(0) === 0x89 && ascii(bytes, 1, 3) === 'PNG') return 'image/png'
  if (/^GIF8[79]a/.test(ascii(bytes, 0, 6))) return 'image/gif'
  if (ascii(bytes, 0, 4) === 'RIFF') {
    const form = ascii(bytes, 8, 4)
    if (form === 'WEBP') return 'image/webp'
    if (form === 'WAVE') return 'audio/wav'
    return form === 'AVI ' ? 'video/x-msvideo' : null
  }
  if (ascii(bytes, 0, 2) === 'BM' && at(6) === 0 && at(7) === 0) return 'image/bmp'
  if (ascii(bytes, 4, 4) === 'ftyp') return brandType(ascii(bytes, 8, 4))
  if (ascii(bytes, 0, 5) === '#!AMR') return 'audio/amr'
  if (ascii(bytes, 0, 3) === 'ID3' || isMpegAudio(at(0), at(1))) return 'audio/mpeg'
  if (ascii(bytes, 0, 4) === 'OggS') return 'audio/ogg'
  if (at(0) === 0x1a && at(1) === 0x45 && at(2) === 0xdf && at(3) === 0xa3) return 'video/webm'
  if (ascii(bytes, 0, 5) === '%PDF-') return 'application/pdf'
  if (ascii(bytes, 0, 4) === 'PK\u0003\u0004') return 'application/zip'
  return null
}

function brandType(brand: string): string {
  if (brand.startsWith('qt')) return 'video/quicktime'
  if (brand.startsWith('M4A')) return 'audio/mp4'
  if (/^(?:heic|heix|mif1)/.test(brand)) return 'image/heic'
  return brand.startsWith('avif') ? 'image/avif' : 'video/mp4'
}

/** Eleven set bits, a version and a layer that exist: the head of an MPEG audio frame. */
const isMpegAudio = (first: number, second: number) =>
  first === 0xff && (second & 0xe0) === 0xe0 && (second & 0x18) !== 0x08 && (second & 0x06) === 0x02

/** Reads the beginning of a file. A file that cannot be read shows nothing. */
export async function sniff(file: Blob): Promise<string | null> {
  try {
    return typeOf(new Uint8Array(await new Response(file.slice(0, HEAD)).arrayBuffer()))
  } catch {
    return null
  }
}

/**
 * The content type to send a file as. What the bytes show wins; a file that only claims to be picture,
 * video or voice is none: `null`. Office files are archives inside, so their own type is kept.
 */
export function provenType(claimed: string, shown: string | null): string | null {
  const media = /^(?:image|video|audio)\//.test(claimed)
  if (shown === null) return media ? null : claimed
  if (media) return sameFamily(claimed, shown) ? claimed : shown
  return /^(?:image|video|audio)\//.test(shown) || claimed === 'application/octet-stream' ? shown : claimed
}

/** Containers that carry sound or moving pictures alike. */
function sameFamily(claimed: string, shown: string): boolean {
  const twins: Record<string, RegExp> = {
    'video/webm': /^(?:audio|video)\/(?:webm|x-matroska)$/,
    'video/mp4': /^(?:audio\/mp4|audio\/x-m4a|video\/mp4|video\/quicktime|video\/3gpp)$/,
    'audio/ogg': /^(?:audio|video)\/ogg$/,
  }
  return claimed === shown || (twins[shown]?.test(claimed) ?? false)
}
