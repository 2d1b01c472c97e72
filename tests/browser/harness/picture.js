// Pictures made here, so that no file has to lie in the tree.
import { deflateSync } from "node:zlib";

const TABLE = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});
const sum = (bytes) => ~bytes.reduce((crc, byte) => (crc >>> 8) ^ TABLE[(crc ^ byte) & 255], -1) >>> 0;

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  const tail = Buffer.alloc(4);
  tail.writeUInt32BE(sum(body));
  return Buffer.concat([head, body, tail]);
}

/** A PNG with hills under a sky. `noise` (0 to 1) makes it large: random pixels do not compress. */
export function png({ width = 320, height = 240, noise = 0, hue = 0 } = {}) {
  let seed = 7;
  const rows = Buffer.alloc(height * (1 + width * 3));
  let at = 0;
  for (let y = 0; y < height; y++) {
    rows[at++] = 0;
    for (let x = 0; x < width; x++) {
      const hill = y > height * 0.6 + Math.sin((x / width) * 9) * height * 0.12;
      const color = hill ? [60 + hue, 130, 80] : [190, 215 - hue, 235 - (y / height) * 60];
      for (const part of color) {
        seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
        rows[at++] = Math.min(255, part + noise * ((seed >> 16) & 127));
      }
    }
  }
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  const data = deflateSync(rows, { level: 1 });
  return Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", Buffer.alloc(0))]);
}
