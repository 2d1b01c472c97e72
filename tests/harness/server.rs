//! A weikefu of one's own: data folder, command line, process.
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// An installation in a temporary folder, running or not.
pub(crate) struct Weikefu {
    folder: TempDir,
    child: Option<Child>,
    address: String,
    /// The port of the first start, so that a restarted server is found at the same address.
    listen: String,
    /// Name of the data folder.
    name: String,
    /// What the server logs.
    level: &'static str,
    /// A file of certificates the server is to trust.
    trusted: Option<PathBuf>,
    /// A panic in the log fails the test, unless it belongs to the test.
    panics_expected: bool,
}

/// How a start that was not a success ended.
#[derive(Debug)]
pub(crate) struct NotStarted {
    pub(crate) code: i32,
    pub(crate) printed: Value,
}

impl Weikefu {
    /// An empty folder; nothing runs.
    pub(crate) fn new() -> Self {
        Self::new_in("data")
    }

    /// The same with a name for the data folder.
    pub(crate) fn new_in(name: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("weikefu-test-")
            .tempdir()
            .unwrap();
        Weikefu {
            folder,
            child: None,
            address: String::new(),
            listen: "127.0.0.1:0".into(),
            name: name.into(),
            level: "warn",
            trusted: None,
            panics_expected: false,
        }
    }

    /// A shop whose administrator is `admin`; returns the one-time password too. Nothing runs yet.
    pub(crate) fn with_shop() -> (Self, String) {
        let weikefu = Self::new();
        let made = weikefu.order(&["init", "--shop", "测试店铺"]);
        let password = made["one_time_password"].as_str().unwrap().to_owned();
        (weikefu, password)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// A folder for the test's own files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The program, without any argument, in a surrounding of its own.
    pub(crate) fn program() -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_weikefu"));
        command
            .env_remove("WEIKEFU_DATA")
            .env_remove("LC_ALL")
            .env("LANG", "zh_CN.UTF-8")
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null());
        command
    }

    /// A command of this installation, for people; not started.
    pub(crate) fn human(&self, arguments: &[&str]) -> Command {
        let mut command = Self::program();
        command.arg("--data").arg(self.data()).args(arguments);
        command
    }

    /// A command of this installation, for scripts; not started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.human(arguments);
        command.arg("--json");
        command
    }

    /// Runs a command that must succeed and returns what it printed.
    pub(crate) fn order(&self, arguments: &[&str]) -> Value {
        let (code, printed) = self.try_order(arguments);
        assert_eq!(code, 0, "weikefu {arguments:?}: {printed}");
        printed
    }

    /// Runs a command; exit code and the JSON it printed, which is one line and the only one.
    pub(crate) fn try_order(&self, arguments: &[&str]) -> (i32, Value) {
        let output = self.command(arguments).output().unwrap();
        let code = output.status.code().unwrap_or(-1);
        let text = String::from_utf8(output.stdout).unwrap();
        let printed = serde_json::from_str(&text);
        (
            code,
            printed.unwrap_or_else(|_| panic!("weikefu {arguments:?} printed: {text}")),
        )
    }

    /// The server logs everything there is from now on.
    pub(crate) fn trace(&mut self) {
        self.level = "trace";
    }

    /// From its next start on the server trusts the certificates in this file, besides the usual ones.
    pub(crate) fn trust(&mut self, certificates: PathBuf) {
        self.trusted = Some(certificates);
    }

    /// Runs a command as people who read English do.
    pub(crate) fn english(&self, arguments: &[&str]) -> Said {
        let mut command = self.human(arguments);
        Said::of(command.args(["--lang", "en"]).output().unwrap())
    }

    /// Runs a command as people do.
    pub(crate) fn say(&self, arguments: &[&str]) -> Said {
        Said::of(self.human(arguments).output().unwrap())
    }

    /// Starts the server and waits until it listens. A second start takes the same port.
    pub(crate) fn start(&mut self) -> &str {
        self.start_with(&[])
    }

    /// The same with more arguments for `serve`.
    pub(crate) fn start_with(&mut self, arguments: &[&str]) -> &str {
        if let Err(NotStarted { code, printed }) = self.try_start(arguments) {
            panic!("weikefu did not start ({code}): {printed}\n{}", self.log());
        }
        &self.address
    }

    /// Starts the server; `Err` when it ends before it listens.
    pub(crate) fn try_start(&mut self, arguments: &[&str]) -> Result<(), NotStarted> {
        let mut child = self.spawn(arguments);
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let printed: Value = serde_json::from_str(&line).unwrap_or(Value::Null);
        let Some(address) = printed["address"].as_str() else {
            let code = child.wait().unwrap().code().unwrap_or(-1);
            return Err(NotStarted { code, printed });
        };
        address.clone_into(&mut self.address);
        address.clone_into(&mut self.listen);
        self.child = Some(child);
        Ok(())
    }

    /// Starts the server again at its port. Between two runs the port is free for a moment: a passing
    /// connection of another test may hold it, which is not what is tested.
    pub(crate) async fn start_again(&mut self) {
        let started = std::time::Instant::now();
        loop {
            match self.try_start(&[]) {
                Ok(()) => return,
                Err(NotStarted { code: 4, .. }) if started.elapsed() < super::PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                Err(NotStarted { code, printed }) => {
                    panic!("weikefu did not start again ({code}): {printed}\n{}", self.log());
                }
            }
        }
    }

    /// Starts the server and kills it after `moment`, wherever it is then.
    pub(crate) async fn start_and_kill(&mut self, moment: Duration) {
        let mut child = self.spawn(&[]);
        tokio::time::sleep(moment).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        let errors = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.folder.path().join("log"))
            .unwrap();
        let mut command = self.command(&["serve", "--listen", &self.listen]);
        command.args(arguments).env("RUST_LOG", self.level);
        if let Some(file) = &self.trusted {
            command.env("SSL_CERT_FILE", file);
        }
        command.stdout(Stdio::piped()).stderr(errors).spawn().unwrap()
    }

    /// `host:port` of the running server.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// What the server has written to its log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// A polite stop, which must succeed.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let pid = child.id().to_string();
            let told = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
            assert!(told.success());
            let status = child.wait().unwrap();
            assert!(status.success(), "{status}: {}", self.log());
            assert!(!self.log().contains("the store failed"), "{}", self.log());
        }
    }

    /// The files of the data folder that contain some bytes.
    pub(crate) fn files_with(&self, bytes: &[u8]) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.is_file() && path.extension().is_none_or(|extension| extension != "so") {
                    let content = std::fs::read(&path).unwrap();
                    if content.windows(bytes.len()).any(|part| part == bytes) {
                        found.push(path);
                    }
                }
            }
        }
        found
    }

    /// From now on a panic in the log is part of the test.
    pub(crate) fn expect_panics(&mut self) {
        self.panics_expected = true;
    }
}

impl Drop for Weikefu {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            println!("--- log of the server ---\n{}", self.log());
        } else if !self.panics_expected {
            assert!(!self.log().contains("panicked at"), "a panic:\n{}", self.log());
        }
    }
}

/// What a command said to a person.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Self {
        Said {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
