// Pictures before they leave: what is accepted, and making large ones smaller.

const KINDS = /^image\/(png|jpeg|gif|webp)$/;
const EDGE = 2048;
/** A picture of at most this size and edge is sent as it is. */
const SMALL = 1 << 20;

/** Why a picture cannot be sent; names a text. */
export type Refusal = "tooLarge" | "badImage";

/** The picture to send: at most 2,048 pixels wide and high, within `limit` bytes. Throws a Refusal. */
export async function prepare(file: Blob, limit: number): Promise<Blob> {
  const known = KINDS.test(file.type);
  // Scaling would take an animation its movement.
  if (file.type === "image/gif") return within(file, limit);
  if (!/^image\//.test(file.type)) throw "badImage" satisfies Refusal;
  const image = await decode(file);
  // Not a picture, or a page whose policy forbids `blob:`; the server looks at the bytes anyway.
  if (!image) return within(file, limit);
  const scale = Math.min(1, EDGE / Math.max(image.naturalWidth, image.naturalHeight, 1));
  if (known && scale === 1 && file.size <= SMALL) return file;
  const smaller = await draw(image, scale, file.type);
  // Drawing may make a small flat picture larger.
  const best = smaller && (!known || smaller.size < file.size) ? smaller : file;
  return within(best, limit);
}

function within(file: Blob, limit: number): Blob {
  if (!KINDS.test(file.type)) throw "badImage" satisfies Refusal;
  if (file.size > limit) throw "tooLarge" satisfies Refusal;
  return file;
}

function decode(file: Blob): Promise<HTMLImageElement | null> {
  return new Promise((resolve) => {
    const image = new Image();
    const url = URL.createObjectURL(file);
    const done = (found: HTMLImageElement | null) => () => {
      URL.revokeObjectURL(url);
      resolve(found);
    };
    image.onload = done(image);
    image.onerror = done(null);
    image.src = url;
  });
}

function draw(image: HTMLImageElement, scale: number, type: string): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(image.naturalHeight * scale));
  const context = canvas.getContext("2d");
  if (!context) return Promise.resolve(null);
  const clear = type === "image/png" || type === "image/webp";
  if (!clear) {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, clear ? type : "image/jpeg", 0.85));
}
