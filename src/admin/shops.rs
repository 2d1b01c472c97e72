//! Making and naming shops.
use super::{AgentDone, Done, ShopDone, ShopMade, agents};
use crate::app::Installation;
use weikefu_core::engine::now;
use weikefu_core::error::Refusal;
use weikefu_core::ids::ShopId;
use weikefu_core::records::{Role, Shop};

/// The first shop.
pub(super) async fn init(
    installation: &Installation,
    shop: &str,
    login: &str,
    nickname: &str,
) -> Result<Done, Refusal> {
    if installation.trees.shops.first(&())?.is_some() {
        return Err(Refusal::invalid(
            "shop",
            "这里已经初始化过了。新增店铺用 weikefu shop add，新增客服用 weikefu agent add。",
            "This installation has been initialised. Use `weikefu shop add` or `weikefu agent add`.",
        ));
    }
    make(installation, shop, login, nickname)
        .await
        .map(|made| Done::Agent(made.administrator))
}

/// A shop with its administrator: nobody could open one without.
pub(super) async fn make(
    installation: &Installation,
    name: &str,
    login: &str,
    nickname: &str,
) -> Result<ShopMade, Refusal> {
    let trees = &installation.trees;
    let shop = Shop {
        id: ShopId(trees.shops.last(&())?.map_or(0, |(id, _)| id.0) + 1),
        name: normal_name(name)?,
        zone: "Asia/Shanghai".into(),
        created: now(),
    };
    let newcomer = agents::Newcomer {
        login: login.to_owned(),
        nickname: nickname.to_owned(),
        name: String::new(),
        role: Role::Administrator,
    };
    // A member of a shop that does not exist would be a member of the next one made.
    let mut txn = trees.db.begin();
    txn.put(&trees.shops, &shop.id, &shop)?;
    trees.db.commit(txn)?;
    let enrolled = agents::enroll(installation, shop.id, newcomer, None).await;
    let (agent, password) = match enrolled {
        Ok(enrolled) => enrolled,
        Err(refusal) => {
            // Nor may a shop stay that nobody administers.
            let mut txn = trees.db.begin();
            txn.delete(&trees.shops, &shop.id);
            trees.db.commit(txn)?;
            return Err(refusal);
        }
    };
    Ok(ShopMade {
        shop: shop.id.0,
        shop_name: shop.name,
        administrator: AgentDone::new(agent, password),
    })
}

pub(super) fn rename(installation: &Installation, id: u32, name: &str) -> Result<ShopDone, Refusal> {
    let trees = &installation.trees;
    let mut shop = trees.shops.get(&ShopId(id))?.ok_or_else(|| unknown(id))?;
    shop.name = normal_name(name)?;
    let mut txn = trees.db.begin();
    txn.put(&trees.shops, &shop.id, &shop)?;
    trees.db.commit(txn)?;
    Ok(ShopDone {
        shop: id,
        shop_name: shop.name,
    })
}

fn normal_name(name: &str) -> Result<String, Refusal> {
    let name = name.trim();
    if (1..=64).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        return Ok(name.to_owned());
    }
    Err(Refusal::invalid(
        "name",
        "店铺名称需要 1 到 64 个字符。",
        "A shop's name has 1 to 64 characters.",
    ))
}

pub(super) fn list(installation: &Installation) -> Result<Vec<ShopDone>, Refusal> {
    let shops = installation.trees.shops.scan(&());
    shops
        .map(|entry| {
            entry
                .map(|(id, shop)| ShopDone {
                    shop: id.0,
                    shop_name: shop.name,
                })
                .map_err(Refusal::from)
        })
        .collect()
}

/// The shop asked for, or the only one.
pub(super) fn choose(installation: &Installation, wanted: Option<u32>) -> Result<ShopId, Refusal> {
    let shops = list(installation)?;
    match (wanted, shops.as_slice()) {
        (_, []) => Err(Refusal::invalid(
            "shop",
            "还没有店铺，请先运行 weikefu init。",
            "There is no shop yet: run `weikefu init` first.",
        )),
        (None, [only]) => Ok(ShopId(only.shop)),
        (None, _) => Err(Refusal::invalid(
            "shop",
            "有多个店铺，请用 --shop 编号 指定（weikefu shop list 查看编号）。",
            "There are several shops: name one with --shop (see `weikefu shop list`).",
        )),
        (Some(id), shops) if shops.iter().any(|shop| shop.shop == id) => Ok(ShopId(id)),
        (Some(id), _) => Err(unknown(id)),
    }
}

fn unknown(id: u32) -> Refusal {
    Refusal::invalid(
        "shop",
        format!("没有编号为 {id} 的店铺，用 weikefu shop list 查看。"),
        format!("There is no shop {id}; see `weikefu shop list`."),
    )
}
