//! A broadcast to many customers: how long the dry run and the list take, what the list costs in memory, how fast it is
//! sent and with how much of a processor. Beside it a bare client that posts the same bodies to the same platform.

use super::Bench;
use crate::child::Server;
use crate::client::Wire;
use crate::desk::{Agent, Installation};
use crate::load;
use crate::machine;
use crate::problem::{Outcome, wrong};
use crate::report::Row;
use crate::requests;
use crate::wechat::Account;
use serde_json::{Value, json};
use std::cell::Cell;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// Customers, all of whom have just written.
const CUSTOMERS: usize = 100_000;
/// The same to see that everything runs.
const FEW: usize = 3_000;
/// A step may take this long; slower is an unfinished run.
const LONGEST: Duration = Duration::from_mins(15);
const TEXT: &str = "周末全场八折，满两百减三十，仅限今明两天，先到先得。";
/// Connections of the floor: as many as the server has messages under way.
const AT_ONCE: usize = 16;

/// Measures and reports.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Outcome {
    let customers = if bench.options.rotations() == 1 {
        FEW
    } else {
        CUSTOMERS
    };
    let account = Account::new(customers).await?;
    let installation = Installation::new(bench.executable, &account)?;
    let server = installation.start()?;
    let mut agent = installation.agent(&server.address, true).await?;
    agent.accepts_by_hand().await?;
    arrive(&installation, &server, &account, customers).await?;
    dismiss(&server, &agent, customers).await?;

    let draft = json!({ "client_id": "bench", "kind": "text", "text": TEXT, "through_night": true });
    let draft = agent.call("POST", "/broadcasts", &draft).await?;
    let path = format!("/broadcasts/{}", draft["id"]);
    let at = Instant::now();
    let plan = agent.call("POST", &format!("{path}/plan"), &json!({})).await?;
    let planned = at.elapsed().as_secs_f64();
    if plan["will"].as_u64() != Some(customers as u64) {
        return wrong(format!("{} of {customers} would get it: {plan}", plan["will"]));
    }

    machine::quiet(bench.options.patience()).await?;
    let before = machine::pss(server.pid())?;
    let meter = machine::Meter::start(server.pid())?;
    let started = Instant::now();
    agent
        .call(
            "POST",
            &format!("{path}/start"),
            &json!({ "revision": draft["revision"] }),
        )
        .await?;
    let listed = wait(&mut agent, &path, |now| now["progress"]["complete"] == true).await?;
    let enqueued = started.elapsed().as_secs_f64();
    let enqueue = meter.read()?;
    let grown = (machine::pss(server.pid())? - before) / 1024.0;
    let already = taken(&listed);

    let meter = machine::Meter::start(server.pid())?;
    let started = Instant::now();
    let done = wait(&mut agent, &path, |now| now["state"] == "done").await?;
    let (seconds, sending) = (started.elapsed().as_secs_f64(), meter.read()?);
    let sent = (taken(&done) - already) as f64;
    if taken(&done) != customers as u64 {
        bench
            .report
            .wrong(format!("{} of {customers} were sent: {done}", taken(&done)));
    }
    bench.report.noise(sending.others);
    let whole = (machine::pss(server.pid())? - before) / 1024.0;

    machine::quiet(bench.options.patience()).await?;
    let floor = floor(&account, customers).await?;
    let (floor_seconds, floor_cpu) = (number(&floor, "seconds"), number(&floor, "cpu"));
    let each = |seconds: f64, count: f64| seconds / count * 1e6;
    let all = customers as f64;
    bench.report.note(format!(
        "broadcast: {customers} customers; the second column is a bare client posting the same bodies over {AT_ONCE} connections"
    ));
    let rows = vec![
        Row::alone("dry run of everybody", "s", &[planned], ""),
        Row::alone(
            "started until the whole list is stored",
            "s",
            &[enqueued],
            "<= 10 s",
        ),
        Row::alone("  processor time of it", "s", &[enqueue.server], ""),
        Row::alone("  memory it adds", "MiB", &[grown], "<= 50 MB"),
        Row::alone("  memory added when all is sent", "MiB", &[whole], ""),
        Row::alone("messages sent", "1/s", &[sent / seconds], "").beside(all / floor_seconds),
        Row::alone(
            "  processors used meanwhile",
            "",
            &[sending.server / seconds],
            "<= 1",
        )
        .beside(floor_cpu / floor_seconds),
        Row::alone(
            "  processor time of a message",
            "us",
            &[each(sending.server, sent)],
            "",
        )
        .beside(each(floor_cpu, all)),
    ];
    bench.report.group("broadcast", rows);
    server.stop()
}

/// Everybody writes once.
async fn arrive(
    installation: &Installation,
    server: &Server,
    account: &Account,
    customers: usize,
) -> Outcome {
    let requests: Vec<Rc<[u8]>> = (0..customers)
        .map(|n| requests::callback(account, &installation.wechat, n, n).into())
        .collect();
    all(server, requests).await
}

/// Nobody has an open conversation: the first of each customer is the shop's conversation of that number.
async fn dismiss(server: &Server, agent: &Agent, customers: usize) -> Outcome {
    let requests: Vec<Rc<[u8]>> = (1..=customers)
        .map(|n| {
            let id = (1_u64 << 32) | n as u64;
            let path = format!("/conversations/{id}/delete");
            agent.request("POST", &path, &json!({ "epoch": 1 })).into()
        })
        .collect();
    all(server, requests).await
}

async fn all(server: &Server, requests: Vec<Rc<[u8]>>) -> Outcome {
    let (count, turn) = (requests.len() as u64, Cell::new(0));
    let next: load::Next<Rc<[u8]>> = Rc::new(move || {
        let n = turn.replace(turn.get() + 1);
        requests.get(n).cloned()
    });
    let ran = load::posts(&server.address, 64, LONGEST, next, |status, _| status == 200).await?;
    if ran.good != count {
        return wrong(format!(
            "{} of {count} were taken; refused: {:?}",
            ran.good, ran.refusal
        ));
    }
    Ok(())
}

fn taken(broadcast: &Value) -> u64 {
    broadcast["progress"]["accepted"].as_u64().unwrap_or_default()
}

fn number(value: &Value, name: &str) -> f64 {
    value[name].as_f64().unwrap_or_default()
}

/// Asks again and again until it is so.
async fn wait(agent: &mut Agent, path: &str, is_so: impl Fn(&Value) -> bool) -> Outcome<Value> {
    let started = Instant::now();
    loop {
        let now = agent.call("GET", path, &json!({})).await?;
        if is_so(&now) {
            return Ok(now);
        }
        if started.elapsed() > LONGEST {
            return wrong(format!("the broadcast does not come to an end: {now}"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The same messages from a process that does nothing else.
async fn floor(account: &Account, customers: usize) -> Outcome<Value> {
    let address = account.address();
    let (token_request, executable) = (account.token_request(), std::env::current_exe()?);
    let mut wire = Wire::open(&address).await?;
    let answer = wire.exchange(&token_request).await?;
    let told: Value = serde_json::from_slice(answer.body)?;
    let token = crate::desk::text(&told, "access_token")?;
    let child = Command::new(executable)
        .args(["floor-send", &address, &token, TEXT])
        .args([customers.to_string(), AT_ONCE.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    // The platform answers on this thread.
    let output = tokio::task::spawn_blocking(move || child.wait_with_output()).await??;
    if !output.status.success() {
        return wrong("the floor could not send; it said why above");
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
