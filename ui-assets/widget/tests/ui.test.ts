import { describe, expect, it } from "vitest";
import { backoff } from "../src/core/link";
import { EMOJI, emoticons } from "../src/ui/emoticons";
import { bytes, linkify, ownPicture, webAddress } from "../src/ui/links";
import { day, language } from "../src/ui/texts";

describe("emoticons", () => {
  it("shows WeChat's codes as emoji and leaves the rest alone", () => {
    expect(emoticons("好的[微笑][强]!")).toBe("好的🙂👍!");
    expect(emoticons("/::) 谢谢/:rose/:handclap")).toBe("🙂 谢谢🌹👏");
    expect(emoticons("[不存在] a[0] [好] http://a/:b")).toBe("[不存在] a[0] [好] http://a/:b");
  });

  it("offers each emoji once", () => {
    expect(new Set(EMOJI).size).toBe(EMOJI.length);
  });
});

describe("links", () => {
  it("are found without the punctuation and the Chinese around them", () => {
    expect(linkify("见https://a.example/x?y=1,谢谢")).toEqual(["见", { url: "https://a.example/x?y=1" }, ",谢谢"]);
    expect(linkify("(http://a.example/)。")).toEqual(["(", { url: "http://a.example/" }, ")。"]);
    expect(linkify("no link: javascript:alert(1)")).toEqual(["no link: javascript:alert(1)"]);
  });

  it("lead to the web only", () => {
    expect(webAddress("javascript:alert(1)")).toBeNull();
    expect(webAddress("data:text/html,x")).toBeNull();
    expect(webAddress("https://a.example")).toBe("https://a.example");
  });

  it("show pictures of our own server only", () => {
    const server = "https://desk.example";
    expect(ownPicture(server, "/m/abc")).toBe("https://desk.example/m/abc");
    expect(ownPicture(server, "https://desk.example/m/abc")).toBe("https://desk.example/m/abc");
    for (const foreign of ["//evil.example/m/a", "https://desk.example.evil/m/a", "/c/x", "", undefined]) {
      expect(ownPicture(server, foreign)).toBeNull();
    }
  });
});

describe("words and numbers", () => {
  it("takes the first language it speaks", () => {
    expect(language(null, "fr-FR", "en-GB")).toBe("en");
    expect(language("zh-TW", "en")).toBe("zh-CN");
    expect(language("fr")).toBe("zh-CN");
  });

  it("names days", () => {
    const now = new Date(2026, 5, 15, 0, 30).getTime();
    expect(day(now - 3_600_000, "zh-CN", now)).toBe("昨天");
    expect(day(now, "en", now)).toBe("Today");
    expect(day(new Date(2025, 0, 2).getTime(), "zh-CN", now)).toContain("2025");
  });

  it("counts bytes", () => {
    expect([bytes(900), bytes(20_480), bytes(5 << 20)]).toEqual(["900 B", "20 KB", "5.0 MB"]);
  });

  it("backs off from 1 to 30 seconds with jitter", () => {
    expect([backoff(0, 0), backoff(0, 1), backoff(4, 1), backoff(99, 1)]).toEqual([500, 1_000, 16_000, 30_000]);
  });
});
