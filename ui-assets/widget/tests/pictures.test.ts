import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { prepare } from "../src/ui/pictures";

let size = { width: 100, height: 100 };
const drawn: { width: number; height: number; type: string }[] = [];

beforeEach(() => {
  drawn.length = 0;
  URL.createObjectURL = () => "blob:x";
  URL.revokeObjectURL = () => {};
  vi.stubGlobal(
    "Image",
    class {
      naturalWidth = size.width;
      naturalHeight = size.height;
      onload = () => {};
      onerror = () => {};
      set src(_: string) {
        queueMicrotask(() => (size.width ? this.onload() : this.onerror()));
      }
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue({
    fillRect() {},
    drawImage() {},
  } as unknown as null);
  vi.spyOn(HTMLCanvasElement.prototype, "toBlob").mockImplementation(function (this: HTMLCanvasElement, done, type) {
    drawn.push({ width: this.width, height: this.height, type: type || "" });
    done(new Blob(["small"], { type }));
  });
});

afterEach(() => vi.unstubAllGlobals());

const file = (type: string, bytes = 10): File => new File([new Uint8Array(bytes)], "a", { type });
const LIMIT = 10 << 20;

describe("pictures", () => {
  it("leave as they are when they are small", async () => {
    size = { width: 2048, height: 100 };
    const small = file("image/png");
    expect(await prepare(small, LIMIT)).toBe(small);
    expect(drawn).toEqual([]);
  });

  it("are drawn within 2,048 pixels, photographs as JPEG, others as they were", async () => {
    size = { width: 4096, height: 1024 };
    await prepare(file("image/jpeg", 2 << 20), LIMIT);
    await prepare(file("image/png", 2 << 20), LIMIT);
    expect(drawn).toEqual([
      { width: 2048, height: 512, type: "image/jpeg" },
      { width: 2048, height: 512, type: "image/png" },
    ]);
  });

  it("keep their animation", async () => {
    size = { width: 4096, height: 1024 };
    const moving = file("image/gif", 2 << 20);
    expect(await prepare(moving, LIMIT)).toBe(moving);
  });

  it("of a kind the server does not take become JPEG, what is no picture is refused", async () => {
    size = { width: 10, height: 10 };
    expect((await prepare(file("image/bmp"), LIMIT)).type).toBe("image/jpeg");
    await expect(prepare(file("text/plain"), LIMIT)).rejects.toBe("badImage");
    size = { width: 0, height: 0 };
    await expect(prepare(file("image/heic"), LIMIT)).rejects.toBe("badImage");
    const undecodable = file("image/png");
    expect(await prepare(undecodable, LIMIT)).toBe(undecodable);
    await expect(prepare(file("image/png", 20), 10)).rejects.toBe("tooLarge");
  });
});
