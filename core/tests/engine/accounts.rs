//! Accounts, passwords, sessions, and slowing down who guesses.
use crate::shop::{SHOP, trees};
use tempfile::TempDir;
use weikefu_core::accounts::{Accounts, Cut, Profile};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::records::{Role, Session, Shop};
use weikefu_core::throttle::Throttle;
use weikefu_core::trees::Trees;

fn accounts() -> (TempDir, Trees, Accounts) {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let accounts = Accounts::new(trees.clone());
    (folder, trees, accounts)
}

fn code<T>(answer: Result<T, Refusal>) -> &'static str {
    answer.err().map_or("fine", |refusal| refusal.code().0)
}

#[test]
fn an_account_logs_in_with_its_one_time_password_and_chooses_its_own() {
    let (_folder, _, accounts) = accounts();
    let (agent, password) = accounts.add("  Wang.Li ", " 小王 ", "").unwrap();
    assert_eq!(
        (agent.login.as_str(), agent.nickname.as_str()),
        ("wang.li", "小王")
    );
    assert!(agent.must_change && !agent.password.contains(&password));
    assert_eq!(
        code(accounts.log_in("wang.li", "wrong password")),
        "bad_credentials"
    );
    assert_eq!(code(accounts.log_in("nobody", &password)), "bad_credentials");
    assert_eq!(
        code(accounts.log_in("no such login!", &password)),
        "bad_credentials"
    );
    let (who, first) = accounts.log_in("WANG.LI", &password).unwrap();
    assert_eq!(who.id, agent.id);
    let (session, who) = accounts.session(&first.token).unwrap();
    assert!(who.must_change);
    assert_eq!(session, first.session);
    let (_, second) = accounts.log_in("wang.li", &password).unwrap();
    assert_ne!(first.token, second.token);

    let new = "正确的马电池钉书针";
    assert_eq!(
        code(accounts.change_password(agent.id, &password, new)),
        "invalid",
        "nine characters"
    );
    let new = "正确的马电池钉书针。";
    assert_eq!(
        code(accounts.change_password(agent.id, "wrong password", new)),
        "bad_credentials"
    );
    assert_eq!(
        code(accounts.change_password(agent.id, &password, &password)),
        "invalid"
    );
    assert_eq!(
        code(accounts.change_password(agent.id, &password, &"x".repeat(129))),
        "invalid"
    );
    let third = accounts.change_password(agent.id, &password, new).unwrap();
    for old in [&first, &second] {
        assert_eq!(
            code(accounts.session(&old.token)),
            "unauthenticated",
            "other sessions end"
        );
    }
    assert!(!accounts.session(&third.token).unwrap().1.must_change);
    assert_eq!(code(accounts.log_in("wang.li", &password)), "bad_credentials");
    accounts.log_in("wang.li", new).unwrap();
    accounts.log_out(&third.token).unwrap();
    assert_eq!(code(accounts.session(&third.token)), "unauthenticated");
}

#[test]
fn a_reset_ends_all_sessions_of_the_account_and_of_no_other() {
    let (_folder, _, accounts) = accounts();
    let (agent, password) = accounts.add("one", "One", "").unwrap();
    let (other, others) = accounts.add("two", "Two", "").unwrap();
    let (_, mine) = accounts.log_in("one", &password).unwrap();
    let (_, theirs) = accounts.log_in("two", &others).unwrap();
    let fresh = accounts.reset_password(agent.id).unwrap();
    assert_ne!(fresh, password);
    assert_eq!(code(accounts.session(&mine.token)), "unauthenticated");
    assert_eq!(accounts.session(&theirs.token).unwrap().1.id, other.id);
    assert_eq!(code(accounts.log_in("one", &password)), "bad_credentials");
    assert!(accounts.log_in("one", &fresh).unwrap().0.must_change);
}

#[test]
fn a_disabled_account_is_out_at_once() {
    let (_folder, _, accounts) = accounts();
    let (agent, password) = accounts.add("one", "One", "").unwrap();
    let (_, login) = accounts.log_in("one", &password).unwrap();
    let changes = accounts.changes();
    accounts.set_member(SHOP, agent.id, Role::Agent).unwrap();
    let disabled = accounts.set_disabled(agent.id, true).unwrap();
    assert!(disabled.disabled && changes.has_changed().unwrap());
    assert_eq!(accounts.reach(&login.token, agent.id, SHOP), Err(Cut::Disabled));
    assert_eq!(code(accounts.session(&login.token)), "unauthenticated");
    assert_eq!(
        code(accounts.log_in("one", &password)),
        "bad_credentials",
        "and is told no more than that"
    );
    accounts.set_disabled(agent.id, false).unwrap();
    assert_eq!(
        code(accounts.session(&login.token)),
        "unauthenticated",
        "old sessions stay ended"
    );
    accounts
        .log_in("one", &accounts.reset_password(agent.id).unwrap())
        .unwrap();
}

/// Two shops: `boss` administers both, `one` the first, `clerk` works in both.
fn two_shops() -> (TempDir, Accounts, [AgentId; 3], [ShopId; 2]) {
    let (folder, trees, accounts) = accounts();
    let shops = [SHOP, ShopId(SHOP.0 + 1)];
    let mut txn = trees.db.begin();
    for id in shops {
        let shop = Shop {
            id,
            name: "店".into(),
            zone: "Asia/Shanghai".into(),
            created: 1,
        };
        txn.put(&trees.shops, &id, &shop).unwrap();
    }
    trees.db.commit(txn).unwrap();
    let agents = ["boss", "one", "clerk"].map(|login| accounts.add(login, login, "").unwrap().0.id);
    let [boss, one, clerk] = agents;
    for (shop, agent, role) in [
        (shops[0], boss, Role::Administrator),
        (shops[1], boss, Role::Administrator),
        (shops[0], one, Role::Administrator),
        (shops[0], clerk, Role::Agent),
        (shops[1], clerk, Role::Senior),
    ] {
        accounts.set_member(shop, agent, role).unwrap();
    }
    (folder, accounts, agents, shops)
}

#[test]
fn a_shop_never_loses_its_last_administrator() {
    let (_folder, accounts, [boss, one, _], [first, second]) = two_shops();
    let last = "last_administrator";
    assert_eq!(code(accounts.set_member(second, boss, Role::Senior)), last);
    assert_eq!(code(accounts.remove_member(second, boss)), last);
    assert_eq!(code(accounts.set_disabled(boss, true)), last);
    assert_eq!(accounts.role(second, boss).unwrap(), Some(Role::Administrator));
    assert!(!accounts.get(boss).unwrap().disabled);
    // In the first shop there is another, until that one cannot log in.
    accounts.set_member(first, boss, Role::Agent).unwrap();
    accounts.set_member(first, boss, Role::Administrator).unwrap();
    accounts.set_disabled(one, true).unwrap();
    assert_eq!(code(accounts.set_member(first, boss, Role::Agent)), last);
    accounts.set_disabled(one, false).unwrap();
    assert!(
        !accounts.remove_member(first, boss).unwrap(),
        "he still has the other shop"
    );
    assert_eq!(code(accounts.remove_member(first, boss)), "not_found");
}

#[test]
fn an_account_is_changed_by_who_administers_all_its_shops() {
    let (_folder, accounts, [boss, one, clerk], [first, second]) = two_shops();
    assert_eq!(code(accounts.check_manages(boss, clerk)), "fine");
    assert_eq!(code(accounts.check_manages(boss, one)), "fine");
    assert_eq!(code(accounts.check_manages(one, clerk)), "shared_account");
    assert_eq!(code(accounts.check_manages(clerk, clerk)), "shared_account");
    accounts.remove_member(second, clerk).unwrap();
    assert_eq!(code(accounts.check_manages(one, clerk)), "fine");
    // Out of the last shop the account is closed, and its login free for somebody new.
    let fresh = accounts.reset_password(clerk).unwrap();
    let (_, login) = accounts.log_in("clerk", &fresh).unwrap();
    assert!(accounts.remove_member(first, clerk).unwrap());
    assert_eq!(accounts.reach(&login.token, clerk, first), Err(Cut::Removed));
    assert_eq!(code(accounts.session(&login.token)), "unauthenticated");
    assert_eq!(code(accounts.log_in("clerk", &fresh)), "bad_credentials");
    assert_eq!(
        code(accounts.check_manages(boss, clerk)),
        "shared_account",
        "nobody's"
    );
    assert_eq!(code(accounts.set_disabled(clerk, false)), "not_found");
    assert!(accounts.list().unwrap().iter().all(|agent| agent.id != clerk));
    assert_eq!(
        accounts.get(clerk).unwrap().nickname,
        "clerk",
        "what was written still names him"
    );
    let again = accounts.add("clerk", "new", "").unwrap().0;
    assert!(again.id > clerk);
}

#[test]
fn ending_the_others_keeps_one_session() {
    let (_folder, _, accounts) = accounts();
    let (agent, password) = accounts.add("one", "One", "").unwrap();
    let mine = accounts.log_in("one", &password).unwrap().1;
    let others = [0; 3].map(|_| accounts.log_in("one", &password).unwrap().1);
    let changes = accounts.changes();
    assert_eq!(accounts.end_others(&mine.token).unwrap(), 3);
    assert!(changes.has_changed().unwrap());
    assert_eq!(accounts.end_others(&mine.token).unwrap(), 0);
    for other in others {
        assert_eq!(code(accounts.session(&other.token)), "unauthenticated");
    }
    assert_eq!(accounts.session(&mine.token).unwrap().1.id, agent.id);
    accounts.end_sessions(agent.id).unwrap();
    assert_eq!(code(accounts.session(&mine.token)), "unauthenticated");
}

#[test]
fn what_reaches_a_shop_is_told_apart() {
    let (_folder, accounts, [_, one, _], [first, second]) = two_shops();
    let password = accounts.reset_password(one).unwrap();
    let login = accounts.log_in("one", &password).unwrap().1;
    assert_eq!(accounts.reach(&login.token, one, first), Err(Cut::MustChange));
    let login = accounts
        .change_password(one, &password, "a brand new one")
        .unwrap();
    assert_eq!(accounts.reach(&login.token, one, first), Ok(Role::Administrator));
    assert_eq!(accounts.reach(&login.token, one, second), Err(Cut::Removed));
    accounts.log_out(&login.token).unwrap();
    assert_eq!(accounts.reach(&login.token, one, first), Err(Cut::Ended));
}

#[test]
fn logins_are_unique_and_bounded() {
    let (_folder, _, accounts) = accounts();
    accounts.add("小王@shop-1", "a", "").unwrap();
    assert_eq!(code(accounts.add("小王@SHOP-1", "b", "")), "exists");
    let long = "x".repeat(33);
    for login in ["", "a", "a b", "a/b", "a\0b", &long] {
        assert_eq!(code(accounts.add(login, "name", "")), "invalid", "{login:?}");
    }
    for nickname in ["", "   ", "a\u{7}b", &long] {
        assert_eq!(
            code(accounts.add("fine", nickname, "")),
            "invalid",
            "{nickname:?}"
        );
    }
    let all = accounts.list().unwrap();
    assert_eq!(all.len(), 1, "what was refused left nothing behind");
    let edited = accounts
        .edit_profile(
            all[0].id,
            Profile {
                nickname: Some("新名字".into()),
                name: Some(" 王力 ".into()),
                avatar: Some(Some("f".into())),
            },
        )
        .unwrap();
    assert_eq!(
        (
            edited.nickname.as_str(),
            edited.name.as_str(),
            edited.avatar.as_deref()
        ),
        ("新名字", "王力", Some("f"))
    );
    assert_eq!(accounts.get(edited.id).unwrap(), edited);
    for profile in [
        Profile {
            nickname: Some(String::new()),
            ..Profile::default()
        },
        Profile {
            name: Some(long.clone()),
            ..Profile::default()
        },
    ] {
        assert_eq!(code(accounts.edit_profile(edited.id, profile)), "invalid");
    }
    assert_eq!(
        code(accounts.edit_profile(AgentId(99), Profile::default())),
        "not_found"
    );
}

#[test]
fn ten_at_once_get_ten_numbers() {
    let (_folder, _, accounts) = accounts();
    std::thread::scope(|scope| {
        for number in 0..10 {
            let accounts = &accounts;
            scope.spawn(move || accounts.add(&format!("agent{number}"), "a", "").unwrap());
        }
    });
    let ids: Vec<u32> = accounts.list().unwrap().iter().map(|agent| agent.id.0).collect();
    assert_eq!(ids, (1..=10).collect::<Vec<_>>());
}

#[test]
fn roles_belong_to_a_shop() {
    let (_folder, _, accounts) = accounts();
    let other = ShopId(SHOP.0 + 1);
    accounts.set_member(SHOP, AgentId(1), Role::Agent).unwrap();
    accounts.set_member(SHOP, AgentId(2), Role::Senior).unwrap();
    accounts
        .set_member(other, AgentId(1), Role::Administrator)
        .unwrap();
    assert_eq!(accounts.role(SHOP, AgentId(1)).unwrap(), Some(Role::Agent));
    assert_eq!(
        accounts.role(other, AgentId(1)).unwrap(),
        Some(Role::Administrator)
    );
    assert_eq!(accounts.role(other, AgentId(2)).unwrap(), None);
    assert_eq!(
        accounts.members(SHOP).unwrap(),
        [(AgentId(1), Role::Agent), (AgentId(2), Role::Senior)]
    );
}

#[test]
fn sessions_run_out_and_are_swept_up() {
    let (_folder, trees, accounts) = accounts();
    let (agent, password) = accounts.add("one", "One", "").unwrap();
    let (_, login) = accounts.log_in("one", &password).unwrap();
    let old = Session {
        expires: 1,
        ..login.session.clone()
    };
    let mut txn = trees.db.begin();
    for entry in trees.sessions.scan(&()) {
        txn.put(&trees.sessions, &entry.unwrap().0, &old).unwrap();
    }
    for number in 0..250_u8 {
        txn.put(&trees.sessions, &(agent.id, [number; 32]), &old).unwrap();
    }
    trees.db.commit(txn).unwrap();
    assert_eq!(code(accounts.session(&login.token)), "unauthenticated");
    accounts.log_in("one", &password).unwrap();
    assert_eq!(
        trees.sessions.scan(&()).count(),
        1,
        "a login sweeps up its agent's old sessions"
    );
    accounts.reset_password(agent.id).unwrap();
    assert_eq!(trees.sessions.scan(&()).count(), 0);
}

#[test]
fn secrets_are_not_printed() {
    let (_folder, _, accounts) = accounts();
    let (agent, password) = accounts.add("one", "One", "").unwrap();
    let (_, login) = accounts.log_in("one", &password).unwrap();
    let printed = format!("{agent:?} {login:?}");
    for secret in [&agent.password, &login.token, &login.session.csrf, &password] {
        assert!(!printed.contains(secret.as_str()));
    }
}

#[test]
fn a_flood_of_names_does_not_free_the_one_under_attack() {
    let throttle = Throttle::default();
    for _ in 0..12 {
        throttle.failed("boss", 0);
    }
    for name in 0..11_000 {
        throttle.failed(&name.to_string(), 1000);
    }
    let Err(Refusal::TooManyAttempts { retry_after_s }) = throttle.check("boss", 1000) else {
        panic!("forgotten");
    };
    assert_eq!(retry_after_s, 127);
    throttle.failed("boss", 1000);
    assert!(
        throttle.check("boss", 1000 + 15 * 60_000).is_ok(),
        "never longer than a quarter of an hour"
    );
}
