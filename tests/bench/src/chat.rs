//! What customers write to a shop, number by number: words as often as they are in use, numbers, Latin names, and
//! now and then something only one customer says. The same number is always the same text.

use std::fmt::Write;

/// Beginnings, the usual ones first.
const GREETINGS: &[&str] = &[
    "",
    "",
    "",
    "",
    "你好，",
    "您好，",
    "在吗？",
    "亲，",
    "请问",
    "老板，",
    "客服在吗，",
    "麻烦问下",
    "嗨，",
    "想问一下，",
];
/// What it is about, the usual ones first.
const THINGS: &[&str] = &[
    "这个",
    "衣服",
    "外套",
    "鞋子",
    "裤子",
    "连衣裙",
    "羽绒服",
    "手机壳",
    "充电器",
    "耳机",
    "快递",
    "包裹",
    "订单",
    "发票",
    "优惠券",
    "红包",
    "套餐",
    "房间",
    "大床房",
    "双床房",
    "押金",
    "毛衣",
    "衬衫",
    "运动鞋",
    "行李箱",
    "保温杯",
    "洗面奶",
    "面膜",
    "口红",
    "奶粉",
    "纸尿裤",
    "玩具",
    "积木",
    "绘本",
    "书包",
    "台灯",
    "电饭煲",
    "空气炸锅",
    "吸尘器",
    "净水器",
    "滤芯",
    "床单",
    "被套",
    "枕头",
    "窗帘",
    "地毯",
    "茶叶",
    "普洱",
    "龙井",
    "咖啡豆",
    "坚果",
    "牛肉干",
    "大闸蟹",
    "车厘子",
    "苹果",
    "猕猴桃",
    "月饼",
    "粽子",
    "礼盒",
    "贺卡",
    "鲜花",
    "绿萝",
    "多肉",
    "猫粮",
    "狗粮",
    "猫砂",
    "鱼缸",
    "自行车",
    "头盔",
    "帐篷",
    "睡袋",
    "登山杖",
    "钓竿",
    "羽毛球拍",
    "瑜伽垫",
    "跳绳",
    "哑铃",
    "护膝",
    "数据线",
    "键盘",
    "鼠标",
    "显示器",
    "路由器",
    "摄像头",
    "门锁",
    "插座",
    "灯泡",
    "水龙头",
    "马桶盖",
    "花洒",
    "瓷砖",
    "油漆",
    "沙发",
    "餐桌",
    "衣柜",
    "书架",
    "鞋柜",
    "戒指",
    "项链",
    "手表",
    "墨镜",
];
/// What is the matter, the usual ones first.
const MATTERS: &[&str] = &[
    "什么时候发货",
    "怎么还没到",
    "可以退货吗",
    "有没有货",
    "多少钱",
    "能便宜点吗",
    "怎么退款",
    "有大一号的吗",
    "可以换货吗",
    "包邮吗",
    "发什么快递",
    "收到了，谢谢",
    "质量不错",
    "颜色有几种",
    "是正品吗",
    "有质保吗",
    "尺码怎么选",
    "能开发票吗",
    "地址填错了，帮我改一下",
    "少发了一件",
    "收到是坏的",
    "有色差",
    "味道有点大",
    "怎么安装",
    "说明书丢了",
    "可以货到付款吗",
    "什么时候有活动",
    "满减怎么算",
    "会员有折扣吗",
    "积分怎么用",
    "能送货上门吗",
    "周末能到吗",
    "可以自提吗",
    "保质期多久",
    "生产日期是哪天",
    "需要提前预订吗",
    "含早餐吗",
    "几点入住",
    "能延迟退房吗",
    "有停车位吗",
    "可以带宠物吗",
    "离地铁站多远",
    "能加一张床吗",
    "取消要扣钱吗",
    "怎么修改订单",
    "忘记用优惠券了",
    "付款失败",
    "支付宝付的，微信能退吗",
    "物流三天没动了",
    "被放在驿站了",
    "快递员不送上楼",
    "包装破了",
    "缺个配件",
    "充不进电",
    "一直自动关机",
    "连不上网",
    "屏幕有条线",
    "声音很小",
    "缩水了",
    "掉色",
    "起球",
    "拉链坏了",
    "开线了",
    "鞋底开胶",
    "磨脚",
    "有异味",
    "过期了",
    "长虫了",
    "漏水",
    "不通电",
    "噪音大",
];
/// Places, the usual ones first.
const PLACES: &[&str] = &[
    "上海",
    "北京",
    "广州",
    "深圳",
    "杭州",
    "成都",
    "武汉",
    "南京",
    "苏州",
    "西安",
    "重庆",
    "天津",
    "长沙",
    "郑州",
    "青岛",
    "厦门",
    "昆明",
    "大连",
    "宁波",
    "合肥",
    "哈尔滨",
    "乌鲁木齐",
    "呼和浩特",
    "石家庄",
    "连云港",
    "攀枝花",
    "景德镇",
    "齐齐哈尔",
];
/// Names, in Latin letters.
const NAMES: &[&str] = &[
    "iPhone 15",
    "iPad",
    "Type-C",
    "USB",
    "XL",
    "XXL",
    "L码",
    "M码",
    "Nike Air",
    "adidas",
    "Uniqlo",
    "ok",
    "SF",
    "EMS",
    "WiFi",
    "MacBook Pro",
    "Switch",
    "PS5",
    "LEGO 42100",
    "VIP",
    "A4",
    "B5",
    "RTX4070",
    "Bluetooth",
    "Refund please",
    "thank you",
];
/// Ends, the usual ones first.
const ENDS: &[&str] = &[
    "",
    "",
    "",
    "？",
    "？",
    "，谢谢",
    "。",
    "！",
    "，急",
    "😂",
    "🙏",
    "，麻烦快点",
    "[微笑]",
    "，在线等",
    "～",
    "👍👍",
    "，好的",
    "[玫瑰]",
];

/// xorshift64*.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        ((self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize) % limit.max(1)
    }

    /// The first of a list are picked most often.
    fn usual<'a>(&mut self, of: &[&'a str]) -> &'a str {
        let reach = self.below(of.len()) + 1;
        of[self.below(reach)]
    }
}

/// The text of a number.
pub(crate) fn text(number: usize) -> String {
    let mut dice = Dice((number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..3 {
        dice.below(2);
    }
    let mut text = String::with_capacity(96);
    text.push_str(dice.usual(GREETINGS));
    for sentence in 0..=usize::from(dice.below(3) == 0) {
        if sentence > 0 {
            text.push('，');
        }
        match dice.below(20) {
            0 => drop(write!(
                text,
                "订单号{}{:07}",
                20_260_000 + dice.below(1231),
                dice.below(10_000_000)
            )),
            1 => drop(write!(
                text,
                "我电话1{}{:08}",
                30 + dice.below(60),
                dice.below(100_000_000)
            )),
            2 => drop(write!(
                text,
                "{}到{}要几天",
                dice.usual(PLACES),
                dice.usual(PLACES)
            )),
            3 => drop(write!(
                text,
                "{}的{}{}",
                dice.usual(NAMES),
                dice.usual(THINGS),
                dice.usual(MATTERS)
            )),
            4 => drop(write!(
                text,
                "身高{}体重{}穿什么码",
                150 + dice.below(40),
                80 + dice.below(100)
            )),
            5 => drop(write!(
                text,
                "我在{}，{}{}",
                dice.usual(PLACES),
                dice.usual(THINGS),
                dice.usual(MATTERS)
            )),
            6 => rare(&mut text, &mut dice),
            _ => drop(write!(text, "{}{}", dice.usual(THINGS), dice.usual(MATTERS))),
        }
    }
    text.push_str(dice.usual(ENDS));
    text
}

/// A name or a street: characters that stand beside each other by chance.
fn rare(text: &mut String, dice: &mut Dice) {
    text.push_str("收件人");
    for _ in 0..2 + dice.below(4) {
        let character = 0x4e00 + dice.below(3500) as u32;
        text.extend(char::from_u32(character));
    }
    let _ = write!(text, "路{}号{}室", 1 + dice.below(999), 101 + dice.below(2000));
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn texts_are_short_many_and_always_the_same() {
        let texts: Vec<String> = (0..20_000).map(text).collect();
        assert_eq!(texts[..100], (0..100).map(text).collect::<Vec<_>>());
        let different: BTreeSet<&String> = texts.iter().collect();
        assert!(different.len() > 10_000, "{}", different.len());
        assert!(texts.iter().all(|text| (2..80).contains(&text.chars().count())));
    }
}
