//! The access token: one at a time per account, kept over restarts, fetched by one at a time with `stable_token`,
//! which leaves tokens of the merchant's other systems alone.
use crate::api::{self, Failure};
use crate::config::Account;
use crate::gate::Gate;
use crate::random::below;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use weikefu_channel::prelude::*;

const KEY: &str = "token";
/// How early a new one is asked for, milliseconds: between one and two of these.
const EARLY_MS: i64 = 300_000;
/// After a refused or failed refresh nobody asks again for this long.
const PAUSE_MS: i64 = 30_000;

#[derive(Clone, Serialize, Deserialize)]
struct Token {
    app_id: String,
    value: Secret,
    /// Unix milliseconds.
    refresh_at: i64,
    /// Unix milliseconds.
    expires_at: i64,
}

#[derive(Deserialize)]
struct Granted {
    access_token: String,
    expires_in: i64,
}

/// See the module.
pub(crate) struct Tokens {
    host: Host,
    account: Rc<Account>,
    gate: Gate,
    loaded: Cell<bool>,
    known: RefCell<Option<Token>>,
    /// The last refusal and until when it stands, Unix milliseconds.
    refused: RefCell<Option<(i64, Error)>>,
}

impl Tokens {
    pub(crate) fn new(host: Host, account: Rc<Account>) -> Self {
        Tokens {
            host,
            account,
            gate: Gate::default(),
            loaded: Cell::new(false),
            known: RefCell::default(),
            refused: RefCell::default(),
        }
    }

    /// A token that works, as far as is known.
    pub(crate) async fn get(&self) -> Result<Secret> {
        if let Some(value) = self.fresh() {
            return Ok(value);
        }
        let _pass = self.gate.enter().await;
        if let Some(value) = self.fresh() {
            return Ok(value);
        }
        if !self.loaded.get() {
            let stored = self
                .host
                .kv_get(KEY)
                .await?
                .and_then(|bytes| serde_json::from_slice::<Token>(&bytes).ok());
            self.loaded.set(true);
            *self.known.borrow_mut() = stored.filter(|token| token.app_id == self.account.app_id);
            if let Some(value) = self.fresh() {
                return Ok(value);
            }
        }
        match self.fetch().await {
            Ok(value) => Ok(value),
            // It was early: the old one still works.
            Err(error) => self.usable().ok_or(error),
        }
    }

    /// Another token after the platform has refused `failed`.
    pub(crate) async fn renew(&self, failed: &Secret) -> Result<Secret> {
        let _pass = self.gate.enter().await;
        {
            let mut known = self.known.borrow_mut();
            match &*known {
                Some(token) if token.value != *failed => return Ok(token.value.clone()),
                _ => *known = None,
            }
        }
        self.host.kv_delete(KEY).await?;
        self.fetch().await
    }

    fn fresh(&self) -> Option<Secret> {
        let now = self.host.now();
        self.known
            .borrow()
            .as_ref()
            .filter(|token| now < token.refresh_at)
            .map(|token| token.value.clone())
    }

    fn usable(&self) -> Option<Secret> {
        let now = self.host.now();
        self.known
            .borrow()
            .as_ref()
            .filter(|token| now < token.expires_at)
            .map(|token| token.value.clone())
    }

    /// Asks the platform, unless it has just refused. Only inside the gate.
    async fn fetch(&self) -> Result<Secret> {
        let refused = self.refused.borrow().clone();
        if let Some((until, error)) = refused
            && self.host.now() < until
        {
            return Err(error);
        }
        match self.ask().await {
            Ok(token) => {
                self.refused.replace(None);
                let value = token.value.clone();
                let bytes = serde_json::to_vec(&token).unwrap_or_default();
                self.known.replace(Some(token));
                // Not stored means asked for again after a restart, which costs little.
                if self.host.kv_put(KEY, bytes).await.is_err() {
                    self.host.log(Level::Warn, "the access token could not be stored");
                }
                Ok(value)
            }
            Err(error) => {
                self.refused
                    .replace(Some((self.host.now() + PAUSE_MS, error.clone())));
                Err(error)
            }
        }
    }

    async fn ask(&self) -> Result<Token> {
        let body = json!({
            "grant_type": "client_credential",
            "appid": self.account.app_id,
            "secret": self.account.app_secret,
            "force_refresh": false,
        });
        let request = Request::post_json(format!("{}/cgi-bin/stable_token", self.account.api_base), &body)?;
        let answer = self
            .host
            .http(request)
            .await
            .map_err(|error| api::unreached(&error, true));
        let value = api::verdict(answer?, true).and_then(api::Reply::json);
        let value = value.map_err(|failure| match failure {
            Failure::Platform(code, words) => crate::errcode::error(code, &words, self.host.now()),
            Failure::Other(error) => error,
        })?;
        let granted: Granted = serde_json::from_value(value).map_err(|_| api::garbled(200, true))?;
        let now = self.host.now();
        let life = granted.expires_in.clamp(1, 86_400) * 1000;
        // The platform hands out the same token until the last minutes of its life: leave a pause between two tries.
        let refresh = (life - EARLY_MS - below(EARLY_MS)).max(life.min(2 * 60_000) / 2);
        Ok(Token {
            app_id: self.account.app_id.clone(),
            value: Secret::new(granted.access_token),
            refresh_at: now + refresh,
            expires_at: now + life,
        })
    }
}
