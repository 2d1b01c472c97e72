//! A row of the table of customers.
//!
//! A row is about the customer with this address (channel and openid or visitor), who is made when there is none;
//! a row without an address is about the customer with this number. An empty cell, like a missing column, changes
//! nothing: a table from elsewhere, with half of its columns empty, must not wipe what the desk knows.
use super::fault::Fault;
use crate::desk::{ADDRESS, NAME, PEER, PHONE, REMARK, TAGS_EACH};
use crate::ids::{ChannelId, CustomerId, ShopId};
use crate::records::{Customer, Gender, TagId};

/// A row as it was read: the texts of its cells, trimmed; empty where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)] // the names of the columns say it
pub struct RawCustomer {
    pub number: String,
    pub name: String,
    pub remark: String,
    pub gender: String,
    pub phone: String,
    pub address: String,
    /// Names of tags.
    pub tags: Vec<String>,
    pub channel: String,
    pub openid: String,
}

/// A row that is understood. `None` changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerRow {
    /// Where the customer writes from; goes before the number.
    pub address: Option<(ChannelId, String)>,
    /// The customer's number.
    pub id: Option<CustomerId>,
    /// The name to show.
    pub name: Option<String>,
    /// The remark.
    pub remark: Option<String>,
    /// The gender.
    pub gender: Option<Gender>,
    /// The phone number to show.
    pub phone: Option<String>,
    /// The postal address.
    pub postal: Option<String>,
    /// All service tags the customer has from then on.
    pub tags: Option<Vec<TagId>>,
}

/// Understands a row. `channel` finds a channel of the shop by what stands in the cell, `tag` a service tag.
pub fn parse(
    shop: ShopId,
    raw: RawCustomer,
    channel: impl FnOnce(&str) -> Result<ChannelId, Fault>,
    mut tag: impl FnMut(&str) -> Result<TagId, Fault>,
) -> Result<CustomerRow, Fault> {
    let address = match (raw.channel.as_str(), raw.openid.as_str()) {
        (_, "") => None,
        (_, openid) if openid.len() > PEER || openid.chars().any(char::is_control) => {
            return Err(Fault::new(
                "openid",
                format!("openid 最多 {PEER} 个字节，不能换行。"),
                format!("An openid has at most {PEER} bytes on one line."),
            ));
        }
        (named, openid) => Some((channel(named)?, openid.to_owned())),
    };
    let id = match (raw.number.as_str(), &address) {
        (_, Some(_)) => None,
        ("", None) => {
            return Err(Fault::new(
                "openid",
                "需要渠道和 openid，或者已有客户的编号，否则不知道是哪位客户。",
                "Needs a channel and an openid, or the number of a known customer; else nobody knows who it is.",
            ));
        }
        (number, None) => Some(CustomerId::of(shop, number_of(number)?)),
    };
    let gender = match raw.gender.to_lowercase().as_str() {
        "" => None,
        "男" | "male" | "m" | "1" => Some(Gender::Male),
        "女" | "female" | "f" | "2" => Some(Gender::Female),
        "未知" | "unknown" | "0" => Some(Gender::Unknown),
        _ => {
            return Err(Fault::new(
                "gender",
                "性别请填 男、女 或 未知。",
                "Gender is male, female or unknown.",
            ));
        }
    };
    let mut tags = Vec::with_capacity(raw.tags.len());
    for name in &raw.tags {
        tags.push(tag(name)?);
    }
    tags.sort_unstable();
    tags.dedup();
    if tags.len() > TAGS_EACH {
        return Err(Fault::new(
            "tags",
            format!("一位客户最多 {TAGS_EACH} 个标签，请去掉一些。"),
            format!("A customer has at most {TAGS_EACH} tags; take some away."),
        ));
    }
    let given = |text: String| Some(text).filter(|text| !text.is_empty());
    Ok(CustomerRow {
        address,
        id,
        name: given(on_one_line(&raw.name)),
        remark: given(lines(&raw.remark)),
        gender,
        phone: given(on_one_line(&raw.phone)),
        postal: given(lines(&raw.address)),
        tags: Some(tags).filter(|tags| !tags.is_empty()),
    })
}

fn number_of(text: &str) -> Result<u32, Fault> {
    text.parse().map_err(|_| {
        Fault::new(
            "number",
            "编号是导出表里的数字，新客户请留空并填写渠道和 openid。",
            "A number is one of an exported table; leave it empty for a new customer and give channel and openid.",
        )
    })
}

/// What a customer is after a row. Only what differs is checked: what the desk has already may come back.
pub fn merge(
    mut customer: Customer,
    row: &CustomerRow,
    exists: impl Fn(&TagId) -> bool,
) -> Result<Customer, Fault> {
    if let Some(name) = different(row.name.as_ref(), &on_one_line(customer.display_name())) {
        bounded("name", name, NAME)?;
        customer.name.clone_from(name);
    }
    if let Some(remark) = different(row.remark.as_ref(), &lines(&customer.remark)) {
        bounded("remark", remark, REMARK)?;
        customer.remark.clone_from(remark);
    }
    if let Some(phone) = different(
        row.phone.as_ref(),
        &on_one_line(customer.phone().unwrap_or_default()),
    ) {
        bounded("phone", phone, PHONE)?;
        customer.details.phone.clone_from(phone);
    }
    if let Some(postal) = different(row.postal.as_ref(), &lines(&customer.details.address)) {
        bounded("address", postal, ADDRESS)?;
        customer.details.address.clone_from(postal);
    }
    customer.details.gender = row.gender.unwrap_or(customer.details.gender);
    if let Some(tags) = &row.tags {
        // Those of removed tags mean nothing: they do not make a difference.
        let has = customer.tags.iter().filter(|tag| exists(tag));
        let wanted: Vec<TagId> = tags.iter().copied().filter(|tag| exists(tag)).collect();
        if !has.eq(&wanted) {
            customer.tags = wanted;
        }
    }
    Ok(customer)
}

fn different<'a>(wanted: Option<&'a String>, known: &str) -> Option<&'a String> {
    wanted.filter(|wanted| *wanted != known)
}

fn bounded(column: &'static str, text: &str, most: usize) -> Result<(), Fault> {
    if text.chars().count() > most {
        return Err(Fault::long(column, most));
    }
    Ok(())
}

/// A text as a spreadsheet gives it back: without spaces around, line ends of one kind.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").trim().to_owned()
}

/// The same where there are no lines.
fn on_one_line(text: &str) -> String {
    let plain = text
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign });
    plain.collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: ShopId = ShopId(3);

    fn row(raw: RawCustomer) -> Result<CustomerRow, Fault> {
        let channel = |name: &str| match name {
            "公众号" => Ok(ChannelId(1)),
            _ => Err(Fault::new("channel", "没有。", "None.")),
        };
        let tag = |name: &str| Ok(TagId(name.len() as u64));
        parse(SHOP, raw, channel, tag)
    }

    fn raw(channel: &str, openid: &str, number: &str) -> RawCustomer {
        RawCustomer {
            channel: channel.into(),
            openid: openid.into(),
            number: number.into(),
            ..RawCustomer::default()
        }
    }

    fn column(raw: RawCustomer) -> &'static str {
        row(raw).unwrap_err().column
    }

    #[test]
    fn an_address_goes_before_a_number_and_one_of_them_is_needed() {
        let known = row(raw("公众号", "oA", "7")).unwrap();
        assert_eq!(
            (known.address, known.id),
            (Some((ChannelId(1), "oA".into())), None)
        );
        assert_eq!(row(raw("", "", "7")).unwrap().id, Some(CustomerId::of(SHOP, 7)));
        assert_eq!(column(raw("", "", "")), "openid");
        assert_eq!(column(raw("公众号", "", "")), "openid");
        assert_eq!(column(raw("别家", "oA", "")), "channel");
        assert_eq!(column(raw("", "", "7.5")), "number");
        assert_eq!(column(raw("", "", "99999999999")), "number");
        assert_eq!(column(raw("公众号", &"o".repeat(PEER + 1), "")), "openid");
    }

    #[test]
    fn empty_cells_change_nothing() {
        let mut customer = Customer::new(CustomerId::of(SHOP, 1), 0);
        customer.nickname = " 昵 ".into();
        customer.phone = Some("138".into());
        customer.remark = "一\r\n二".into();
        customer.tags = vec![TagId(2), TagId(9)];
        let unchanged = merge(customer.clone(), &CustomerRow::default(), |_| true).unwrap();
        assert_eq!(unchanged, customer);
        // What it would be exported as is no change either, whatever a spreadsheet made of its line ends.
        let told = RawCustomer {
            name: "昵".into(),
            phone: "138".into(),
            remark: "一\n二".into(),
            tags: vec!["ab".into()],
            ..raw("", "", "1")
        };
        let row = row(told).unwrap();
        let unchanged = merge(customer.clone(), &row, |tag| *tag == TagId(2)).unwrap();
        assert_eq!(
            unchanged, customer,
            "the number of a removed tag makes no difference"
        );
    }

    #[test]
    fn what_differs_is_taken_over_within_the_desks_bounds() {
        let customer = Customer::new(CustomerId::of(SHOP, 1), 0);
        let full = RawCustomer {
            name: "张\n三".into(),
            remark: "爱喝茶".into(),
            gender: "女".into(),
            phone: "013800138000".into(),
            address: "上海".into(),
            tags: vec!["a".into(), "b".into(), "abc".into()],
            ..raw("", "", "1")
        };
        let after = merge(customer.clone(), &row(full).unwrap(), |_| true).unwrap();
        assert_eq!(after.display_name(), "张 三");
        assert_eq!(after.phone(), Some("013800138000"));
        assert_eq!(after.tags, [TagId(1), TagId(3)]);
        for (column, long) in [
            (
                "name",
                RawCustomer {
                    name: "名".repeat(NAME + 1),
                    ..raw("", "", "1")
                },
            ),
            (
                "remark",
                RawCustomer {
                    remark: "注".repeat(REMARK + 1),
                    ..raw("", "", "1")
                },
            ),
            (
                "phone",
                RawCustomer {
                    phone: "1".repeat(PHONE + 1),
                    ..raw("", "", "1")
                },
            ),
            (
                "address",
                RawCustomer {
                    address: "路".repeat(ADDRESS + 1),
                    ..raw("", "", "1")
                },
            ),
        ] {
            let fault = merge(customer.clone(), &row(long).unwrap(), |_| true).unwrap_err();
            assert_eq!(fault.column, column);
        }
        assert_eq!(
            column(RawCustomer {
                gender: "?".into(),
                ..raw("", "", "1")
            }),
            "gender"
        );
        let tags = (0..=TAGS_EACH).map(|n| "t".repeat(n + 1)).collect();
        assert_eq!(
            column(RawCustomer {
                tags,
                ..raw("", "", "1")
            }),
            "tags"
        );
    }
}
