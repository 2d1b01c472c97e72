// Emoji to choose from, and WeChat's text emoticons as emoji: agents write for WeChat and the web alike.

/** The panel's choice. */
export const EMOJI =
  "😀 😄 😁 😂 🤣 😊 🙂 😉 😍 😘 😋 😎 🤔 🤗 😅 😳 😏 😴 😭 😢 😡 😱 😷 🤒 👍 👎 👌 ✌️ 🙏 👏 💪 🤝 👋 ❤️ 💔 🌹 🎉 🎁 🎂 ☕ 🔥 ⭐ ☀️ 🌙 ✅ ❌ ❓ 🛒 📦 🚚 💰 🧧".split(
    " ",
  );

const NAMES =
  "微笑🙂撇嘴😕色😍发呆😳得意😎流泪😢害羞😊闭嘴🤐睡😴大哭😭尴尬😅发怒😡调皮😛呲牙😁惊讶😲难过🙁抓狂😫吐🤮偷笑🤭愉快😊白眼🙄傲慢😤困😪惊恐😱流汗😓憨笑😄奋斗💪疑问❓嘘🤫晕😵衰😩骷髅💀敲打🔨再见👋擦汗😅抠鼻👃鼓掌👏坏笑😏哈欠🥱鄙视😒委屈🥺快哭了🥺阴险😏亲亲😘吓😨可怜🥺菜刀🔪啤酒🍺咖啡☕猪头🐷玫瑰🌹凋谢🥀爱心❤️心碎💔蛋糕🎂炸弹💣月亮🌙太阳☀️礼物🎁拥抱🤗强👍弱👎握手🤝胜利✌️抱拳🙏勾引☝️拳头👊嘿哈😆捂脸🤦奸笑😏机智🤓皱眉😟耶✌️红包🧧發💰福🧧烟花🎆爆竹🧨笑脸😄生病😷破涕为笑😂吐舌😝脸红😳恐惧😱失望😞无语😑吃瓜🍉加油💪汗😓旺柴🐶好的👌哇🤩翻白眼🙄苦涩😣裂开💔合十🙏庆祝🎉";

/** Codes of older clients: the code, the emoji, alternating. */
const CODES =
  "/::) 🙂 /::~ 😕 /::B 😍 /::< 😢 /::$ 😊 /::'( 😭 /::@ 😡 /::P 😛 /::D 😁 /::O 😲 /::( 🙁 /:strong 👍 /:weak 👎 /:share 🤝 /:@) 🙏 /:ok 👌 /:heart ❤️ /:rose 🌹 /:gift 🎁 /:hug 🤗 /:cake 🎂 /:bye 👋 /:handclap 👏".split(
    " ",
  );

const table = new Map<string, string>();
CODES.forEach((code, at) => at % 2 === 0 && table.set(code, CODES[at + 1] as string));
NAMES.replace(/([\u4e00-\u9fff]+)([^\u4e00-\u9fff]+)/g, (_, name: string, emoji: string) => {
  table.set(`[${name}]`, emoji);
  return "";
});

/** The text with every known emoticon as emoji; all else stays as it is. */
export function emoticons(text: string): string {
  return text.replace(/\[[\u4e00-\u9fff]{1,4}\]|\/:(?:[a-z]{2,8}|[:8@]\S{1,2})/g, (code) => {
    for (let end = code.length; end > 2; end--) {
      const emoji = table.get(code.slice(0, end));
      if (emoji) return emoji + code.slice(end);
    }
    return code;
  });
}
