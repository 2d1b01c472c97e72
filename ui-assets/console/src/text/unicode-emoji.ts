/** The Unicode emoji the panel offers, by group. Chosen for shop talk; everything else can be typed. */
const split = (line: string) => line.split(' ')

export const UNICODE_EMOJI = {
  faces: split(
    '😀 😃 😄 😁 😆 😅 🤣 😂 🙂 🙃 😉 😊 😇 🥰 😍 🤩 😘 😗 😚 😋 😛 😜 🤪 😝 🤗 🤭 🤫 🤔 🤐 😐 😑 😶 😏 😒 🙄 😬 😌 😔 😪 🤤 😴 😷 🤒 🤕 🤢 🤧 🥵 🥶 😵 🤯 🥳 😎 🤓 😕 😟 🙁 😮 😲 😳 🥺 😧 😨 😰 😥 😢 😭 😱 😖 😞 😓 😩 😫 🥱 😤 😡',
  ),
  hands: split(
    '👋 🤚 ✋ 🖖 👌 ✌️ 🤞 🤟 🤘 🤙 👈 👉 👆 👇 ☝️ 👍 👎 ✊ 👊 🤛 🤜 👏 🙌 👐 🤲 🤝 🙏 💪 🙋 🙆 🙅 🤷 🤦 🙇 💁 👀 💃 🎅 👨‍💻 👩‍💼',
  ),
  things: split(
    '❤️ 🧡 💛 💚 💙 💜 🖤 💔 💕 💖 💯 💢 💤 ✨ ⭐ 🌟 🔥 🎉 🎊 🎁 🎂 🎈 🧧 🏮 🌹 🌸 🌻 🍀 ☀️ 🌙 ⛅ 🌧️ ❄️ 🌈 ☕ 🍵 🍺 🍰 🍎 🍉 🍚 🍜 🥟 🦀',
  ),
  shop: split(
    '🛒 🛍️ 📦 🚚 🏠 🏨 🛏️ 🔑 💰 💳 🧾 🏷️ 📷 📱 💻 ⌚ 👗 👟 👜 💄 📞 📍 📅 ⏰ ⏳ ✅ ❌ ⚠️ ❓ ❗ 🔍 📝 📎 🔔 ✈️ 🚗 🚄 🆗 🆕 🔗',
  ),
} as const

export type EmojiGroup = keyof typeof UNICODE_EMOJI
export const EMOJI_GROUPS = Object.keys(UNICODE_EMOJI) as EmojiGroup[]
