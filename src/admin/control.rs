//! The socket through which the command line reaches a running server. Its file can be opened by the same
//! user only, who could read the store anyway. One order a connection: a line of JSON in, a line out.
use super::{Done, Order, Progress, Refused, run_with};
use crate::app::Installation;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use weikefu_core::rights::Asker;

/// The longest order or answer, bytes.
const LARGEST: u64 = 1 << 20;

/// Takes orders until the task is dropped. The server holds the store's lock, so an old socket is a dead one.
pub(crate) fn listen(path: &Path) -> std::io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let (_folder, name) = address(path)?;
    let listener = UnixListener::bind(name)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// A name of the socket that fits an address, which has 108 bytes: a long one goes through its open folder.
fn address(path: &Path) -> std::io::Result<(Option<File>, PathBuf)> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(ErrorKind::InvalidInput.into());
    };
    if path.as_os_str().len() < 100 {
        return Ok((None, path.to_owned()));
    }
    let folder = File::open(folder)?;
    let short = Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string());
    Ok((Some(folder), short.join(name)))
}

/// Serves orders.
pub(crate) async fn serve(listener: UnixListener, installation: Installation) {
    while let Ok((stream, _)) = listener.accept().await {
        let installation = installation.clone();
        tokio::spawn(async move {
            if let Err(error) = answer(stream, &installation).await {
                tracing::debug!(%error, "an order broke off");
            }
        });
    }
}

async fn answer(stream: UnixStream, installation: &Installation) -> std::io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    let mut reader = BufReader::new(reader.take(LARGEST));
    tokio::time::timeout(Duration::from_secs(10), reader.read_line(&mut line))
        .await
        .map_err(|_| ErrorKind::TimedOut)??;
    let result: Result<Done, Refused> = match serde_json::from_str::<Order>(&line) {
        Ok(order) => {
            let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
            let progress = move |done, all| drop(tell.send(Step { done, all }));
            let running = run_with(installation, Asker::Owner, order, &progress);
            let mut running = std::pin::pin!(running);
            loop {
                tokio::select! {
                    biased;
                    Some(step) = told.recv() => {
                        let mut line = serde_json::to_vec(&step).map_err(std::io::Error::other)?;
                        line.push(b'\n');
                        writer.write_all(&line).await?;
                    }
                    done = &mut running => break done.map_err(Refused::from),
                }
            }
        }
        Err(_) => Err(Refused {
            code: "malformed".into(),
            zh: "命令行与正在运行的 weikefu 版本不同，请使用同一版本。".into(),
            en: "This command is of another version than the running weikefu. Use the same version.".into(),
        }),
    };
    let mut answer = serde_json::to_vec(&result).map_err(std::io::Error::other)?;
    answer.push(b'\n');
    writer.write_all(&answer).await
}

/// How far an order is: lines in front of its answer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    done: usize,
    all: usize,
}

/// Whether a running server listens.
pub(crate) async fn answers(path: &Path) -> bool {
    match address(path) {
        Ok((_folder, name)) => UnixStream::connect(name).await.is_ok(),
        Err(_) => false,
    }
}

/// Sends an order to a running server. `Ok(None)` when none listens.
pub(crate) async fn ask(
    path: &Path,
    order: &Order,
    progress: &Progress,
) -> std::io::Result<Option<Result<Done, Refused>>> {
    let (_folder, name) = address(path)?;
    let stream = match UnixStream::connect(name).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let (reader, mut writer) = stream.into_split();
    let mut line = serde_json::to_vec(order).map_err(std::io::Error::other)?;
    line.push(b'\n');
    writer.write_all(&line).await?;
    let mut lines = BufReader::new(reader);
    let mut answer = String::new();
    loop {
        answer.clear();
        (&mut lines).take(LARGEST).read_line(&mut answer).await?;
        match serde_json::from_str::<Step>(&answer) {
            Ok(step) => progress(step.done, step.all),
            Err(_) => break,
        }
    }
    serde_json::from_str(&answer)
        .map(Some)
        .map_err(std::io::Error::other)
}
