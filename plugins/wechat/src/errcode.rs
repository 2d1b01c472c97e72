//! The platform's error codes in the desk's terms: one table, and the sentence an agent or administrator reads.
//! Source: the platform's global return codes and the pages of the single calls. Pure.
use crate::inbound::clip;
use std::time::Duration;
use weikefu_channel::prelude::*;

const MAX_WORDS: usize = 300;
const DAY_MS: i64 = 86_400_000;
/// The platform's days begin at midnight in Beijing.
const BEIJING_MS: i64 = 8 * 3_600_000;

/// Whether the access token is at fault: fetch one and try once more.
#[must_use]
pub fn is_token(code: i64) -> bool {
    matches!(code, 40001 | 40014 | 42001)
}

/// Whether only the customer-service account is at fault: send without it.
#[must_use]
pub fn is_kf_account(code: i64) -> bool {
    matches!(code, 61450..=61457 | 65400)
}

/// The temporary file is unknown or has expired: upload or give up.
pub const INVALID_MEDIA: i64 = 40007;

/// The error for a code. `now` is Unix milliseconds; it decides how long a day's limit lasts.
#[must_use]
pub fn error(code: i64, words: &str, now: i64) -> Error {
    let (cause, zh, en) = meaning(code);
    let error = match (code, address(words)) {
        (40164 | 61004, Some(ip)) => Error::told(
            cause,
            format!("服务器 IP {ip} 不在公众号的 IP 白名单中，请在公众号后台「基本配置 → IP 白名单」中添加"),
            format!(
                "The server's IP {ip} is not on the account's IP whitelist; add it in the account console under \
                 Basic Configuration, IP whitelist"
            ),
        ),
        _ => Error::told(cause, zh, en),
    };
    let error = error.upstream(format!("{code} {}", clip(words.trim(), MAX_WORDS)).trim_end());
    match code {
        45011 => error.retry_after(Duration::from_mins(1)),
        45009 => error.retry_after(Duration::from_millis(
            (DAY_MS - (now + BEIJING_MS).rem_euclid(DAY_MS)) as u64,
        )),
        _ => error,
    }
}

#[allow(clippy::too_many_lines)] // one entry per code
fn meaning(code: i64) -> (Cause, &'static str, &'static str) {
    match code {
        -1 | 268_487_001 | 268_487_002 => (
            Cause::Retryable,
            "微信系统繁忙，稍后会自动重试",
            "WeChat is busy; it will be tried again",
        ),
        40001 | 40014 | 42001 => (
            Cause::Auth,
            "微信不接受访问令牌，请核对 AppID 和 AppSecret 是否属于同一个公众号",
            "WeChat does not accept the access token; check that AppID and AppSecret belong to the same account",
        ),
        40013 => (
            Cause::Auth,
            "AppID 不正确，请在渠道设置中核对",
            "The AppID is wrong; check it in the channel settings",
        ),
        40125 => (
            Cause::Auth,
            "AppSecret 不正确或已重置，请在渠道设置中更新",
            "The AppSecret is wrong or was reset; update it in the channel settings",
        ),
        40243 => (
            Cause::Auth,
            "AppSecret 已被冻结，请在公众号后台解冻后再试",
            "The AppSecret is frozen; unfreeze it in the account console and try again",
        ),
        41002 | 41004 => (
            Cause::Auth,
            "缺少 AppID 或 AppSecret，请在渠道设置中补全",
            "AppID or AppSecret is missing; complete the channel settings",
        ),
        40164 | 61004 => (
            Cause::Auth,
            "本服务器的 IP 不在公众号的 IP 白名单中，请在公众号后台「基本配置」中添加",
            "This server's IP is not on the account's IP whitelist; add it in the account console under Basic Configuration",
        ),
        89503 => (
            Cause::Auth,
            "此 IP 调用接口需要管理员确认，请公众号管理员在微信中确认后再试",
            "Calls from this IP need the consent of the account administrator; ask them to confirm in WeChat, then try again",
        ),
        89506 => (
            Cause::Auth,
            "管理员拒绝了此 IP，24 小时内不能再申请，请联系公众号管理员",
            "The administrator refused this IP; it cannot ask again for 24 hours. Contact the account administrator",
        ),
        89507 => (
            Cause::Auth,
            "管理员拒绝了此 IP，1 小时内不能再申请，请联系公众号管理员",
            "The administrator refused this IP; it cannot ask again for an hour. Contact the account administrator",
        ),
        48001 => (
            Cause::Auth,
            "公众号没有此接口的权限，请确认公众号已认证并开通了相应接口",
            "The account may not use this interface; make sure it is verified and has the permission",
        ),
        48004 => (
            Cause::Auth,
            "公众号的此接口已被微信封禁，请登录公众号后台查看原因",
            "WeChat has blocked this interface for the account; see the reason in the account console",
        ),
        45015 => (
            Cause::WindowClosed,
            "客户 48 小时内没有发来消息或已取消关注，等客户再次发来消息后才能回复",
            "The customer has not written within 48 hours or has unfollowed; you can reply once they write again",
        ),
        45047 => (
            Cause::QuotaSpent,
            "客户上次来信后可回复的条数已用完，等客户再次发来消息后才能回复",
            "All replies allowed since the customer's last message are used up; you can reply once they write again",
        ),
        40003 | 49003 => (
            Cause::Rejected,
            "客户的 OpenID 不属于这个公众号，无法送达",
            "The customer's OpenID does not belong to this account; the message cannot be delivered",
        ),
        43004 | 50005 => (
            Cause::Rejected,
            "客户没有关注公众号，无法送达",
            "The customer does not follow the account; the message cannot be delivered",
        ),
        48002 => (
            Cause::Rejected,
            "客户拒收公众号的消息，无法送达",
            "The customer refuses messages of this account; the message cannot be delivered",
        ),
        48008 => (
            Cause::Rejected,
            "公众号没有发送这类消息的权限，请换一种消息类型",
            "The account may not send messages of this kind; use another kind",
        ),
        70000 => (
            Cause::Rejected,
            "因未成年人保护，微信没有送达这条消息",
            "WeChat did not deliver this message because of its rules for the protection of minors",
        ),
        40007 => (
            Cause::Rejected,
            "微信中的素材已失效，请重新发送文件",
            "The file is no longer known to WeChat; send it again",
        ),
        40004 | 40005 => (
            Cause::Rejected,
            "微信不支持这种文件格式，请换一种格式",
            "WeChat does not support this file format; use another one",
        ),
        40009 => (
            Cause::Rejected,
            "图片超过微信的大小限制，请压缩后再发",
            "The picture is larger than WeChat's limit; make it smaller first",
        ),
        40010 | 45007 => (
            Cause::Rejected,
            "语音超过微信的大小或 60 秒时长限制，请剪短后再发",
            "The recording is larger than WeChat's limit or longer than 60 seconds; shorten it first",
        ),
        40011 => (
            Cause::Rejected,
            "视频超过微信的 10 MB 限制，请压缩后再发",
            "The video is larger than WeChat's 10 MB; make it smaller first",
        ),
        40012 => (
            Cause::Rejected,
            "缩略图超过微信的 64 KB 限制",
            "The still picture is larger than WeChat's 64 KB; use a smaller one",
        ),
        41005 | 45001 => (
            Cause::Rejected,
            "微信没有接受这个文件（缺失或过大），请换一个文件",
            "WeChat did not take this file (missing or too large); use another one",
        ),
        44002..=44004 => (
            Cause::Rejected,
            "消息内容为空，请填写内容后再发",
            "The message is empty; write something first",
        ),
        45002 => (
            Cause::Rejected,
            "文字超过微信的长度限制，请分成几条发送",
            "The text is longer than WeChat's limit; send it in parts",
        ),
        45008 => (
            Cause::Rejected,
            "一条图文消息只能包含一篇文章，请分开发送",
            "A message may hold one article only; send them one by one",
        ),
        53600 => (
            Cause::Rejected,
            "这篇文章已不存在或尚未发布，请选择其他文章",
            "This article no longer exists or is not published; choose another one",
        ),
        40008 | 40033 | 40035 | 40066 | 41001 | 43001 | 43002 | 47001 => (
            Cause::Rejected,
            "微信不接受请求的格式，请把括号中的代码反馈给维护人员",
            "WeChat does not accept the form of the request; report the code in brackets to whoever maintains this server",
        ),
        45009 => (
            Cause::RateLimited,
            "今天的接口调用次数已用完，北京时间零点后自动继续",
            "Today's calls are used up; it goes on by itself after midnight in Beijing",
        ),
        45011 => (
            Cause::RateLimited,
            "接口调用过于频繁，一分钟后自动继续",
            "Too many calls; it goes on by itself in a minute",
        ),
        45072 | 45080 | 45081 => (
            Cause::Rejected,
            "微信没有显示「正在输入」",
            "WeChat did not show that you are typing",
        ),
        61450..=61457 | 65400 => (
            Cause::Rejected,
            "微信客服帐号不可用，请在渠道设置中核对或清空客服帐号",
            "The customer-service account cannot be used; check or empty it in the channel settings",
        ),
        _ => (
            Cause::Rejected,
            "微信拒绝了请求，原因见括号中的代码",
            "WeChat refused the request; the code in brackets says why",
        ),
    }
}

/// The IP address the platform names in the words of 40164.
fn address(words: &str) -> Option<&str> {
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '.' || c == ':';
    words.split(|c: char| !is_part(c)).find_map(|word| {
        let word = word.trim_matches(':').trim_end_matches('.');
        // The platform writes some addresses as ::ffff:1.2.3.4.
        let word = word.strip_prefix("ffff:").unwrap_or(word);
        word.parse::<std::net::IpAddr>().ok().map(|_| word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_table() {
        let table: [(&[i64], Cause); 7] = [
            (&[-1, 268_487_001, 268_487_002], Cause::Retryable),
            (
                &[
                    40001, 40014, 42001, 40013, 40125, 40243, 41002, 41004, 40164, 61004, 89503, 89506,
                    89507, 48001, 48004,
                ],
                Cause::Auth,
            ),
            (&[45015], Cause::WindowClosed),
            (&[45047], Cause::QuotaSpent),
            (&[45009, 45011], Cause::RateLimited),
            (
                &[
                    40003, 49003, 43004, 50005, 48002, 48008, 70000, 40004, 40005, 40007, 40009, 40010,
                    40011, 40012, 41005, 45001, 45007, 44002, 44003, 44004, 45002, 45008, 53600,
                ],
                Cause::Rejected,
            ),
            (
                &[
                    40008, 40033, 40035, 47001, 41001, 43001, 43002, 40066, 45072, 45080, 45081, 61450,
                    61452, 61457, 65400, 99999,
                ],
                Cause::Rejected,
            ),
        ];
        for (codes, cause) in table {
            for code in codes {
                let error = error(*code, "words rid: 1-2-3", 0);
                assert_eq!(error.kind, cause, "{code}");
                assert_eq!(
                    error.upstream.as_deref(),
                    Some(format!("{code} words rid: 1-2-3").as_str())
                );
                assert_eq!(
                    error.retry_after_ms.is_some(),
                    cause == Cause::RateLimited,
                    "{code}"
                );
                let words = error.words();
                assert!(words.zh.chars().any(|c| c > '\u{4e00}'), "{}", words.zh);
                assert!(words.en.is_ascii() && words.en.len() > 20, "{}", words.en);
            }
        }
    }

    #[test]
    fn the_day_ends_at_midnight_in_beijing() {
        // 2026-11-23 15:59:00 UTC is 23:59 in Beijing.
        let now = 1_795_449_540_000;
        assert_eq!(error(45009, "", now).retry_after_ms, Some(60_000));
        assert_eq!(error(45009, "", now + 60_000).retry_after_ms, Some(86_400_000));
        assert_eq!(error(45011, "", now).retry_after_ms, Some(60_000));
    }

    #[test]
    fn the_refused_address_is_shown() {
        let words = "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6a-1b";
        let refused = error(40164, words, 0);
        let words = refused.words();
        assert!(
            words.zh.contains("203.0.113.7") && words.en.contains("203.0.113.7"),
            "{words:?}"
        );
        let unnamed = error(40164, "not in whitelist", 0).words();
        assert!(unnamed.zh.contains("IP 白名单") && unnamed.en.contains("IP whitelist"));
        assert!(
            error(40164, "invalid ip 2001:db8::1, not", 0)
                .message
                .contains("2001:db8::1")
        );
    }

    #[test]
    fn the_platforms_words_are_bounded() {
        assert!(error(-1, &"忙".repeat(10_000), 0).upstream.unwrap().len() <= MAX_WORDS + 8);
        assert_eq!(error(45015, "", 0).upstream.as_deref(), Some("45015"));
    }

    #[test]
    fn special_codes_are_recognised() {
        assert!(is_token(40001) && is_token(40014) && is_token(42001) && !is_token(40013));
        assert!(
            is_kf_account(61450) && is_kf_account(61457) && is_kf_account(65400) && !is_kf_account(61458)
        );
    }
}
