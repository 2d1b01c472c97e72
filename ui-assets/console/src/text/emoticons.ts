/**
 * WeChat's text emoticons. Official accounts exchange them as text, either `[微笑]` or the old `/::)`
 * form; the pictures belong to WeChat, so we show the nearest Unicode emoji.
 * One line per emoticon: name, emoji, old code (if it has one), English name (if WeChat writes it so).
 */
const TABLE: ReadonlyArray<readonly [name: string, emoji: string, code?: string, english?: string]> = [
  ['微笑', '🙂', '/::)', 'Smile'],
  ['撇嘴', '😒', '/::~', 'Grimace'],
  ['色', '😍', '/::B', 'Drool'],
  ['发呆', '😳', '/::|', 'Scowl'],
  ['得意', '😎', '/:8-)', 'CoolGuy'],
  ['流泪', '😢', '/::<', 'Sob'],
  ['害羞', '☺️', '/::$', 'Shy'],
  ['闭嘴', '🤐', '/::X', 'Silent'],
  ['睡', '😴', '/::Z', 'Sleep'],
  ['大哭', '😭', "/::'(", 'Cry'],
  ['尴尬', '😅', '/::-|', 'Awkward'],
  ['发怒', '😡', '/::@', 'Angry'],
  ['调皮', '😜', '/::P', 'Tongue'],
  ['呲牙', '😁', '/::D', 'Grin'],
  ['惊讶', '😮', '/::O', 'Surprise'],
  ['难过', '🙁', '/::(', 'Frown'],
  ['囧', '😖', '/:--b', 'Blush'],
  ['抓狂', '😫', '/::Q', 'Scream'],
  ['吐', '🤮', '/::T', 'Puke'],
  ['偷笑', '🤭', '/:,@P', 'Chuckle'],
  ['愉快', '😊', '/:,@-D', 'Joyful'],
  ['白眼', '🙄', '/::d', 'Slight'],
  ['傲慢', '😤', '/:,@o', 'Smug'],
  ['饥饿', '🤤', '/::g', 'Hungry'],
  ['困', '🥱', '/:|-)', 'Drowsy'],
  ['惊恐', '😱', '/::!', 'Panic'],
  ['流汗', '😓', '/::L', 'Sweat'],
  ['憨笑', '😄', '/::>', 'Laugh'],
  ['悠闲', '😌', '/::,@', 'Commando'],
  ['奋斗', '💪', '/:,@f', 'Determined'],
  ['咒骂', '🤬', '/::-S', 'Scold'],
  ['疑问', '❓', '/:?', 'Shocked'],
  ['嘘', '🤫', '/:,@x', 'Shhh'],
  ['晕', '😵', '/:,@@', 'Dizzy'],
  ['折磨', '😣', '/::8', 'Tormented'],
  ['衰', '😞', '/:,@!', 'Toasted'],
  ['骷髅', '💀', '/:!!!', 'Skull'],
  ['敲打', '🔨', '/:xx', 'Hammer'],
  ['再见', '👋', '/:bye', 'Wave'],
  ['擦汗', '😥', '/:wipe', 'Speechless'],
  ['抠鼻', '🫢', '/:dig', 'NosePick'],
  ['鼓掌', '👏', '/:handclap', 'Clap'],
  ['糗大了', '😬', '/:&-(', 'Shame'],
  ['坏笑', '😏', '/:B-)', 'Trick'],
  ['左哼哼', '😾', '/:<@', 'Bah! L'],
  ['右哼哼', '😾', '/:@>', 'Bah! R'],
  ['哈欠', '🥱', '/::-O', 'Yawn'],
  ['鄙视', '😑', '/:>-|', 'Pooh-pooh'],
  ['委屈', '🥺', '/:P-(', 'Shrunken'],
  ['快哭了', '😿', "/::'|", 'TearingUp'],
  ['阴险', '😈', '/:X-)', 'Sly'],
  ['亲亲', '😚', '/::*', 'Kiss'],
  ['吓', '😨', '/:@x', 'Wrath'],
  ['可怜', '🥹', '/:8*', 'Whimper'],
  ['菜刀', '🔪', '/:pd', 'Cleaver'],
  ['西瓜', '🍉', '/:<W>', 'Watermelon'],
  ['啤酒', '🍺', '/:beer', 'Beer'],
  ['篮球', '🏀', '/:basketb', 'Basketball'],
  ['乒乓', '🏓', '/:oo', 'PingPong'],
  ['咖啡', '☕', '/:coffee', 'Coffee'],
  ['饭', '🍚', '/:eat', 'Rice'],
  ['猪头', '🐷', '/:pig', 'Pig'],
  ['玫瑰', '🌹', '/:rose', 'Rose'],
  ['凋谢', '🥀', '/:fade', 'Wilt'],
  ['嘴唇', '👄', '/:showlove', 'Lips'],
  ['爱心', '❤️', '/:heart', 'Heart'],
  ['心碎', '💔', '/:break', 'BrokenHeart'],
  ['蛋糕', '🎂', '/:cake', 'Cake'],
  ['闪电', '⚡', '/:li', 'Lightning'],
  ['炸弹', '💣', '/:bome', 'Bomb'],
  ['刀', '🗡️', '/:kn', 'Dagger'],
  ['足球', '⚽', '/:footb', 'Soccer'],
  ['瓢虫', '🐞', '/:ladybug', 'Ladybug'],
  ['便便', '💩', '/:shit', 'Poop'],
  ['月亮', '🌙', '/:moon', 'Moon'],
  ['太阳', '☀️', '/:sun', 'Sun'],
  ['礼物', '🎁', '/:gift', 'Gift'],
  ['拥抱', '🤗', '/:hug', 'Hug'],
  ['强', '👍', '/:strong', 'ThumbsUp'],
  ['弱', '👎', '/:weak', 'ThumbsDown'],
  ['握手', '🤝', '/:share', 'Shake'],
  ['胜利', '✌️', '/:v', 'Peace'],
  ['抱拳', '🙏', '/:@)', 'Fight'],
  ['勾引', '☝️', '/:jj', 'Beckon'],
  ['拳头', '✊', '/:@@', 'Fist'],
  ['差劲', '🤙', '/:bad', 'Pinky'],
  ['爱你', '🤟', '/:lvu', 'RockOn'],
  ['NO', '🙅', '/:no', 'Nuh-uh'],
  ['OK', '👌', '/:ok', 'OK'],
  ['爱情', '💑', '/:love', 'InLove'],
  ['飞吻', '😘', '/:<L>', 'Blowkiss'],
  ['跳跳', '🤸', '/:jump', 'Waddle'],
  ['发抖', '🥶', '/:shake', 'Tremble'],
  ['怄火', '🔥', '/:<O>', 'Aaagh!'],
  ['转圈', '💃', '/:circle', 'Twirl'],
  ['磕头', '🙇', '/:kotow', 'Kotow'],
  ['回头', '🔙', '/:turn', 'Dramatic'],
  ['跳绳', '🤾', '/:skip', 'JumpRope'],
  ['投降', '🏳️', '/:oY', 'Surrender'],
  ['激动', '🤩', '/:#-0', 'Hooray'],
  ['乱舞', '🕺', '/:hiphot', 'Meditate'],
  ['献吻', '😽', '/:kiss', 'Smooch'],
  ['左太极', '☯️', '/:<&', 'TaiChi L'],
  ['右太极', '☯️', '/:&>', 'TaiChi R'],
  ['嘿哈', '😆', undefined, 'Hey'],
  ['捂脸', '🤦', undefined, 'Facepalm'],
  ['奸笑', '😼', undefined, 'Smirk'],
  ['机智', '🤓', undefined, 'Smart'],
  ['皱眉', '😟', undefined, 'Concerned'],
  ['耶', '✌️', undefined, 'Yeah!'],
  ['红包', '🧧', undefined, 'Packet'],
  ['發', '🀅', undefined, 'Rich'],
  ['福', '🏮', undefined, 'Blessing'],
  ['烟花', '🎆', undefined, 'Fireworks'],
  ['爆竹', '🧨', undefined, 'Firecracker'],
  ['庆祝', '🎉', undefined, 'Party'],
  ['吃瓜', '🍈', undefined, 'Onlooker'],
  ['加油', '💪', undefined, 'GoForIt'],
  ['汗', '😓', undefined, 'Sweats'],
  ['天啊', '😧', undefined, 'OMG'],
  ['Emm', '🤔'],
  ['社会社会', '🫡', undefined, 'Respect'],
  ['旺柴', '🐶', undefined, 'Doge'],
  ['好的', '👌', undefined, 'NoProb'],
  ['打脸', '🤕', undefined, 'MyBad'],
  ['哇', '🤯', undefined, 'Wow'],
  ['翻白眼', '🙄', undefined, 'Boring'],
  ['666', '🤙', undefined, 'Awesome'],
  ['让我看看', '🫣', undefined, 'LetMeSee'],
  ['叹气', '😮‍💨', undefined, 'Sigh'],
  ['苦涩', '🥲', undefined, 'Hurt'],
  ['裂开', '🫠', undefined, 'Broken'],
  ['破涕为笑', '😂', undefined, 'Lol'],
  ['无语', '😶', undefined, 'Duh'],
]

export interface Emoticon {
  name: string
  emoji: string
}

/** For the emoji panel, in WeChat's own order. */
export const WECHAT_EMOTICONS: readonly Emoticon[] = TABLE.map(([name, emoji]) => ({ name, emoji }))

const byName = new Map<string, Emoticon>()
const byCode = new Map<string, Emoticon>()
for (const [name, emoji, code, english] of TABLE) {
  byName.set(name, { name, emoji })
  if (english) byName.set(english, { name, emoji })
  if (code) byCode.set(code, { name, emoji })
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
// Longer codes first: `/::'(` must win over `/::(`-like prefixes.
const codes = [...byCode.keys()].sort((a, b) => b.length - a.length).map(escaped)
const PATTERN = new RegExp(`\\[([^\\[\\]\\s]{1,8}|[A-Za-z!\\- ]{2,12})\\]|(?:${codes.join('|')})`, 'g')

export type EmoticonPart = { text: string } | { emoticon: Emoticon; source: string }

/** Splits text at known emoticons; unknown brackets stay text. */
export function splitEmoticons(text: string): EmoticonPart[] {
  const parts: EmoticonPart[] = []
  let from = 0
  for (const match of text.matchAll(PATTERN)) {
    const emoticon = match[1] === undefined ? byCode.get(match[0]) : byName.get(match[1])
    // `https://:v`-like accidents: an old code never follows a letter, digit, colon or slash.
    const before = text[match.index - 1] ?? ' '
    if (!emoticon || (match[1] === undefined && /[A-Za-z0-9:/]/.test(before))) continue
    if (match.index > from) parts.push({ text: text.slice(from, match.index) })
    parts.push({ emoticon, source: match[0] })
    from = match.index + match[0].length
  }
  if (from < text.length) parts.push({ text: text.slice(from) })
  return parts
}

/** The text with emoticons as emoji, for one-line previews. */
export function plainEmoticons(text: string): string {
  return splitEmoticons(text)
    .map((part) => ('text' in part ? part.text : part.emoticon.emoji))
    .join('')
}
