// Every word the visitor reads. The keys are typed from the Chinese table; English must have the same.

const zh = {
  chat: "在线客服",
  open: "打开在线客服",
  close: "关闭",
  unread: (n: number) => `${n} 条新消息`,
  connecting: "正在连接…",
  offline: "网络已断开，正在重新连接…",
  offlineNote: "未送达的消息会在恢复后自动发送",
  idle: "有问题，随时问我们",
  transferring: "正在为您转接客服…",
  queueing: "正在排队，客服会尽快接待您",
  leave: "客服暂时忙碌，请留言，我们会尽快回复",
  serving: (name: string) => `客服 ${name} 为您服务`,
  typing: "对方正在输入…",
  placeholder: "输入消息…",
  message: "消息",
  send: "发送",
  emoji: "表情",
  image: "发送图片",
  drop: "松开鼠标发送图片",
  older: "查看更早的消息",
  loading: "正在加载…",
  latest: "回到最新消息",
  sending: "发送中",
  sent: "已发送",
  failed: "发送失败",
  retry: "重试",
  discard: "删除",
  you: "我",
  shop: "商家",
  today: "今天",
  yesterday: "昨天",
  imageOf: "图片",
  view: "查看大图",
  voice: "语音消息",
  video: "视频",
  file: "文件",
  download: "下载",
  location: "位置",
  missing: "内容加载中，请稍后查看",
  unknown: "[暂不支持查看此类消息]",
  tooLong: (n: number) => `已超出 ${n} 字`,
  tooLarge: "图片不能超过 10 MB",
  badImage: "无法识别此图片，请换 PNG、JPG、GIF 或 WebP 格式",
  full: "还有消息未发出，请稍后再试",
  safe: "请勿在聊天中透露密码或短信验证码",
};

type Texts = typeof zh;

const en: Texts = {
  chat: "Chat",
  open: "Open chat",
  close: "Close",
  unread: (n) => (n === 1 ? "1 new message" : `${n} new messages`),
  connecting: "Connecting…",
  offline: "You are offline. Reconnecting…",
  offlineNote: "Unsent messages will be sent when you are back",
  idle: "Ask us anything",
  transferring: "Connecting you with an agent…",
  queueing: "You are in the queue. An agent will be with you soon",
  leave: "Our agents are busy. Leave a message, we will reply",
  serving: (name) => `${name} is helping you`,
  typing: "Typing…",
  placeholder: "Write a message…",
  message: "Message",
  send: "Send",
  emoji: "Emoji",
  image: "Send a picture",
  drop: "Drop to send the picture",
  older: "Earlier messages",
  loading: "Loading…",
  latest: "Back to the latest message",
  sending: "Sending",
  sent: "Sent",
  failed: "Not sent",
  retry: "Retry",
  discard: "Delete",
  you: "You",
  shop: "Shop",
  today: "Today",
  yesterday: "Yesterday",
  imageOf: "Picture",
  view: "View picture",
  voice: "Voice message",
  video: "Video",
  file: "File",
  download: "Download",
  location: "Location",
  missing: "Still loading, look again later",
  unknown: "[This kind of message cannot be shown]",
  tooLong: (n) => `${n} characters too many`,
  tooLarge: "A picture may have up to 10 MB",
  badImage: "This picture cannot be read. Choose PNG, JPEG, GIF or WebP",
  full: "Messages are still waiting. Try again later",
  safe: "Never share passwords or codes in chat",
};

export type Lang = "zh-CN" | "en";

/** The language of a BCP 47 tag: English for `en`, Chinese for everything else. */
export function language(...tags: (string | null | undefined)[]): Lang {
  for (const tag of tags) {
    if (/^zh/i.test(tag || "")) return "zh-CN";
    if (/^en/i.test(tag || "")) return "en";
  }
  return "zh-CN";
}

export const texts = (lang: Lang): Texts => (lang === "en" ? en : zh);

/** Day of a message for its separator: today, yesterday, or the date. */
export function day(at: number, lang: Lang, now = Date.now()): string {
  const start = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((start(now) - start(at)) / 86_400_000);
  if (days === 0) return texts(lang).today;
  if (days === 1) return texts(lang).yesterday;
  const year = new Date(at).getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return new Intl.DateTimeFormat(lang, { year, month: "long", day: "numeric", weekday: "short" }).format(at);
}

export const time = (at: number, lang: Lang): string =>
  new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hour12: false }).format(at);
