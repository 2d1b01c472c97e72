//! Who belongs to which shop, and the two rules of it: an account is changed only by who is administrator of all
//! its shops, and a shop never loses its last administrator who can log in.
use super::Accounts;
use crate::error::Refusal;
use crate::ids::{AgentId, ShopId};
use crate::records::{Agent, Membership, Role};
use crate::rights;

impl Accounts {
    /// Gives an agent a role in a shop, whether he has one there or not.
    pub fn set_member(&self, shop: ShopId, agent: AgentId, role: Role) -> Result<(), Refusal> {
        let _writing = self.lock();
        let before = self.role(shop, agent)?;
        if before == Some(role) {
            return Ok(());
        }
        if before == Some(Role::Administrator) {
            self.keep_an_administrator(shop, agent)?;
        }
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.members, &(shop, agent), &Membership { role })?;
        self.commit_loss(txn)
    }

    /// Takes an agent out of a shop. Out of the last one, the account is closed: its sessions end and its login
    /// is free again, while what it wrote still names it. Returns whether it was closed.
    pub fn remove_member(&self, shop: ShopId, agent: AgentId) -> Result<bool, Refusal> {
        let _writing = self.lock();
        let role = self.role(shop, agent)?.ok_or(Refusal::NotFound("agent"))?;
        if role == Role::Administrator {
            self.keep_an_administrator(shop, agent)?;
        }
        let closes = self.shops_of(agent)?.len() == 1;
        let mut txn = self.trees.db.begin();
        txn.delete(&self.trees.members, &(shop, agent));
        if closes {
            let mut account = self.get(agent)?;
            txn.delete(&self.trees.logins, &account.login);
            account.close();
            txn.put(&self.trees.agents, &agent, &account)?;
            self.drop_sessions(&mut txn, agent)?;
        }
        self.commit_loss(txn)?;
        Ok(closes)
    }

    /// Lets an account in or keeps it out. Kept out, its sessions end.
    pub fn set_disabled(&self, agent: AgentId, disabled: bool) -> Result<Agent, Refusal> {
        let _writing = self.lock();
        let mut account = self.get(agent)?;
        if account.closed() {
            return Err(Refusal::NotFound("agent"));
        }
        if account.disabled == disabled {
            return Ok(account);
        }
        if disabled {
            for (shop, role) in self.shops_of(agent)? {
                if role == Role::Administrator {
                    self.keep_an_administrator(shop, agent)?;
                }
            }
        }
        account.disabled = disabled;
        let mut txn = self.trees.db.begin();
        txn.put(&self.trees.agents, &agent, &account)?;
        if disabled {
            self.drop_sessions(&mut txn, agent)?;
        }
        self.commit_loss(txn)?;
        Ok(account)
    }

    /// Refuses when nobody but `leaving` could administer the shop.
    fn keep_an_administrator(&self, shop: ShopId, leaving: AgentId) -> Result<(), Refusal> {
        for (agent, role) in self.members(shop)? {
            if agent != leaving && role == Role::Administrator && !self.get(agent)?.disabled {
                return Ok(());
            }
        }
        Err(Refusal::LastAdministrator)
    }

    /// Refuses unless `asking` may change the account as a whole, see [`rights::may_manage`].
    pub fn check_manages(&self, asking: AgentId, other: AgentId) -> Result<(), Refusal> {
        if rights::may_manage(&self.shops_of(asking)?, &self.shops_of(other)?) {
            return Ok(());
        }
        Err(Refusal::SharedAccount)
    }

    /// An agent's role in a shop.
    pub fn role(&self, shop: ShopId, agent: AgentId) -> Result<Option<Role>, Refusal> {
        Ok(self.trees.members.get(&(shop, agent))?.map(|member| member.role))
    }

    /// The shops an agent belongs to, with his role in each.
    pub fn shops_of(&self, agent: AgentId) -> Result<Vec<(ShopId, Role)>, Refusal> {
        let mut shops = Vec::new();
        for entry in self.trees.shops.scan(&()) {
            let (shop, _) = entry?;
            if let Some(role) = self.role(shop, agent)? {
                shops.push((shop, role));
            }
        }
        Ok(shops)
    }

    /// The members of a shop.
    pub fn members(&self, shop: ShopId) -> Result<Vec<(AgentId, Role)>, Refusal> {
        self.trees
            .members
            .scan(&shop)
            .map(|entry| {
                entry
                    .map(|((_, id), member)| (id, member.role))
                    .map_err(Refusal::from)
            })
            .collect()
    }
}
