//! Asks a running server whether it is well. Used by service supervisors and tests.
use super::{Common, exit, output};
use clap::Args;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;
use weikefu_core::error::Language;

/// How long a healthy server may take.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Args)]
pub(crate) struct Healthcheck {
    /// 服务地址
    #[arg(long, default_value = "127.0.0.1:8080")]
    address: SocketAddr,
}

impl Healthcheck {
    pub(super) fn run(&self, common: &Common) -> ExitCode {
        match self.ask() {
            Ok(answer) if answer.starts_with("HTTP/1.1 200 ") => {
                if common.json {
                    output::line(answer.split_once("\r\n\r\n").map_or("{}", |(_, body)| body));
                } else {
                    output::line("ok");
                }
                ExitCode::SUCCESS
            }
            Ok(answer) => {
                let status = answer.lines().next().unwrap_or_default();
                output::failed(common, "unhealthy", &format!("{}: {status}", self.address));
                exit::unhealthy()
            }
            Err(error) => {
                let address = self.address;
                let text = match common.language() {
                    Language::Chinese => {
                        format!("{address}：没有应答（{error}）。服务可能没有启动，请运行 weikefu serve。")
                    }
                    Language::English => {
                        format!(
                            "{address}: no answer ({error}). The server may not be running: run `weikefu serve`."
                        )
                    }
                };
                output::failed(common, "unreachable", &text);
                exit::unhealthy()
            }
        }
    }

    fn ask(&self) -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        // Formatted first and written at once: `write!` would send a packet for every piece.
        let request = format!(
            "GET /healthz HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.take(64 << 10).read_to_string(&mut answer)?;
        Ok(answer)
    }
}
