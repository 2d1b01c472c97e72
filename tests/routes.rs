//! Who may ask what, checked from the table of routes the executable prints about itself.
use crate::harness::{Agent, Browser, Shop, Weikefu};
use http::Method;
use serde_json::{Value, json};

/// What answers without a session. A new line here is a decision: it has been thought about who can reach it.
const PUBLIC: [&str; 14] = [
    "DELETE /c/{key}/{path}",
    "GET /",
    "GET /api/openapi.json",
    "GET /c/{key}/{path}",
    "GET /demo/shop",
    "GET /healthz",
    "GET /m/{id}",
    "GET /w/{path}",
    "GET /{path}",
    "OPTIONS /c/{key}/{path}",
    "PATCH /c/{key}/{path}",
    "POST /api/login",
    "POST /c/{key}/{path}",
    "PUT /c/{key}/{path}",
];

/// What each right asks for at least: said again here, so that nobody changes the table by accident.
const RIGHTS: [(&str, &[&str]); 10] = [
    ("serve", &["agent", "senior", "administrator"]),
    ("customers", &["agent", "senior", "administrator"]),
    ("read_settings", &["agent", "senior", "administrator"]),
    ("supervise", &["senior", "administrator"]),
    ("manage_tags", &["senior", "administrator"]),
    ("export", &["senior", "administrator"]),
    ("broadcast", &["senior", "administrator"]),
    ("edit_shop", &["administrator"]),
    ("administer", &["administrator"]),
    ("install", &[]),
];

struct Route {
    method: Method,
    path: String,
    public: bool,
    /// `public`, `session` or the right it needs.
    access: String,
}

impl Route {
    /// The path with its parameters filled in.
    fn of(&self, shop: u64, id: u64) -> String {
        let path = self
            .path
            .replace("{shop}", &shop.to_string())
            .replace("{id}", &id.to_string())
            .replace("{channel}", &id.to_string())
            .replace("{seq}", "1")
            .replace("{box}", "mine");
        assert!(!path.contains("/{") || self.public, "fill in {path}");
        path
    }

    fn permits(&self, role: &str) -> bool {
        let right = RIGHTS.iter().find(|(right, _)| *right == self.access);
        let (_, roles) = right.unwrap_or_else(|| panic!("{} is in no table", self.access));
        roles.contains(&role)
    }

    fn changes(&self) -> bool {
        self.method != Method::GET
    }

    fn of_a_shop(&self) -> bool {
        self.path.contains("{shop}")
    }
}

/// The table, out of the document the executable prints.
fn table() -> Vec<Route> {
    let said = Weikefu::new().say(&["openapi"]);
    assert_eq!(said.code, 0, "{said:?}");
    let document: Value = serde_json::from_str(&said.out).unwrap();
    let mut routes = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            routes.push(Route {
                method: method.to_uppercase().parse().unwrap(),
                path: path.clone(),
                public: operation["security"] == json!([]),
                access: operation["x-weikefu-access"].as_str().unwrap().to_owned(),
            });
        }
    }
    assert!(routes.len() > 25, "{} routes", routes.len());
    routes
}

async fn refused(browser: &Browser, method: &Method, path: &str) -> (u16, String) {
    browser.json(method.clone(), path, &json!({})).await.refused()
}

#[test]
fn what_is_public_has_been_thought_about() {
    let public: std::collections::BTreeSet<String> = table()
        .iter()
        .filter(|route| route.public)
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let expected: std::collections::BTreeSet<String> = PUBLIC.iter().map(ToString::to_string).collect();
    assert_eq!(public, expected);
}

#[tokio::test]
async fn without_a_session_every_other_route_answers_401() {
    let shop = Shop::open().await;
    let nobody = Browser::new(shop.weikefu.address());
    let forged = nobody
        .clone()
        .with("cookie", "wk_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    for route in table().iter().filter(|route| !route.public) {
        for shop in [1, 2, 999] {
            for browser in [&nobody, &forged] {
                let refused = refused(browser, &route.method, &route.of(shop, 1)).await;
                assert_eq!(
                    refused,
                    (401, "unauthenticated".into()),
                    "{} {}",
                    route.method,
                    route.path
                );
            }
        }
        if route.method == Method::GET {
            let head = nobody.try_send(Method::HEAD, &route.of(1, 1), &[], "").await;
            assert_eq!(head.unwrap().status, 401, "HEAD {}", route.path);
        }
    }
}

#[tokio::test]
async fn what_can_change_something_needs_the_token_of_the_page() {
    let shop = Shop::open().await;
    let routes = table();
    let changing: Vec<&Route> = routes
        .iter()
        .filter(|route| !route.public && route.changes())
        .collect();
    assert!(changing.len() >= 12);
    for csrf in ["", "wrong", "undefined"] {
        let browser = shop.admin.browser.clone().with("x-weikefu-csrf", csrf);
        for route in &changing {
            let refused = refused(&browser, &route.method, &route.of(1, 1)).await;
            assert_eq!(refused, (403, "csrf".into()), "{} {}", route.method, route.path);
        }
    }
    // The session is still there: no route has been carried out.
    assert_eq!(shop.admin.desk().await["me"]["online"], true);
}

#[tokio::test]
async fn a_foreign_shop_looks_like_none() {
    let shop = Shop::open().await;
    let made = shop
        .weikefu
        .order(&["shop", "add", "别人的店", "--login", "other"]);
    assert_eq!(made["shop"], 2);
    let password = made["administrator"]["one_time_password"].as_str().unwrap();
    let mut other = Agent::first_login(shop.weikefu.address(), "other", password).await;
    other.shop = 2;
    let h5 = shop.weikefu.order(&["channel", "add", "h5", "--shop", "2"]);
    let visitor = crate::harness::Visitor::arrive(shop.weikefu.address(), h5["path"].as_str().unwrap()).await;
    visitor.say("a", crate::harness::now(), "你好").await.ok();
    let theirs = shop.found(&other, "你好").await;
    let routes = table();
    let not_found = (404, "not_found".to_owned());
    let staff = [
        shop.admin.clone(),
        shop.agent("senior", "senior").await,
        shop.agent("agent", "agent").await,
    ];
    for route in routes.iter().filter(|route| route.of_a_shop()) {
        let asked = format!("{} {}", route.method, route.path);
        for agent in &staff {
            for path in [route.of(2, 1), route.of(999, 1)] {
                assert_eq!(
                    refused(&agent.browser, &route.method, &path).await,
                    not_found,
                    "{asked}"
                );
            }
        }
        // What belongs to another shop is not found under one's own either.
        if route.path.contains("{id}") {
            let which = match route.path.split('/').nth(4).unwrap_or_default() {
                "customers" => theirs["customer"]["id"].clone(),
                "agents" => json!(other.id),
                "channels" => h5["channel"].clone(),
                _ => theirs["id"].clone(),
            };
            let path = route.of(1, which.as_u64().unwrap());
            let body = json!({
                "epoch": 1, "seq": 1, "client_id": "x", "content": { "kind": "text", "text": "x" },
                "tags": [], "blocked": true, "text": "x", "name": "x", "solved": true, "on": true,
                "role": "agent", "nickname": "x", "disabled": true, "to": 1,
                "auto": true, "limit": 1, "greeting": "", "kind": "text", "revision": 1,
                "close": { "on": false, "idle_minutes": 1, "text": "" },
                "offline": { "on": false, "text": "" },
            });
            let answer = shop.admin.browser.json(route.method.clone(), &path, &body).await;
            assert_eq!(answer.refused(), not_found, "{asked}");
        }
    }
    assert_eq!(shop.admin.conversations().await, [] as [Value; 0]);
    assert_eq!(other.conversation(&theirs["id"]).await.unwrap(), theirs);
}

/// Every route, every role, the own shop: refused with `forbidden` or not at all for that reason.
#[tokio::test]
async fn every_route_is_open_to_exactly_the_roles_of_the_table() {
    let shop = Shop::open().await;
    let staff = [
        ("administrator", shop.admin.clone()),
        ("senior", shop.agent("senior", "senior").await),
        ("agent", shop.agent("agent", "agent").await),
    ];
    let told = shop.admin.get("/roles").await;
    let expected: Vec<Value> = RIGHTS
        .iter()
        .map(|(right, roles)| json!({ "action": right, "roles": roles }))
        .collect();
    assert_eq!(told, json!(expected));

    let routes = table();
    let mut forbidden = 0;
    for route in routes.iter().filter(|route| route.of_a_shop()) {
        for (role, agent) in &staff {
            let asked = format!("{role}: {} {}", route.method, route.path);
            let path = route.of(1, 999_999);
            let answer = agent.browser.json(route.method.clone(), &path, &json!({})).await;
            let is_forbidden = answer.status == 403 && answer.json()["code"] == "forbidden";
            assert_eq!(is_forbidden, !route.permits(role), "{asked}: {}", answer.status);
            assert!(
                answer.status != 401 && answer.status.as_u16() < 500,
                "{asked}: {}",
                answer.status
            );
            forbidden += u32::from(is_forbidden);
        }
    }
    assert!(forbidden > 10, "{forbidden}");
    // What belongs to a session belongs to every role.
    for (role, agent) in &staff {
        assert_eq!(agent.browser.get("/api/session").await.status, 200, "{role}");
        assert_eq!(
            agent
                .browser
                .post("/api/session/others/end", &json!({}))
                .await
                .ok(),
            json!({ "ended": 0 }),
            "{role}"
        );
    }
}

#[tokio::test]
async fn a_one_time_password_opens_nothing_but_its_change() {
    let (mut weikefu, password) = Weikefu::with_shop();
    weikefu.start();
    let admin = Agent::login(weikefu.address(), "admin", &password).await;
    let session = admin.browser.get("/api/session").await.ok();
    assert_eq!(session["must_change_password"], true);
    for route in table().iter().filter(|route| route.of_a_shop()) {
        let refused = refused(&admin.browser, &route.method, &route.of(1, 1)).await;
        assert_eq!(
            refused,
            (403, "password_change_required".into()),
            "{} {}",
            route.method,
            route.path
        );
    }
    let admin = Agent::first_login(weikefu.address(), "admin", &password).await;
    assert_eq!(
        admin.browser.get("/api/session").await.ok()["must_change_password"],
        false
    );
    assert_eq!(admin.desk().await["me"]["id"], admin.id);
}
