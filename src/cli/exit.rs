//! Exit codes. Scripts rely on them: they are never renumbered.
use std::process::ExitCode;

/// Shown under `--help`.
pub(super) const HELP: &str = "退出码：\n  0  成功\n  1  请求被拒绝，输出里说明原因和下一步\n  2  命令写错了\n  3  数据目录或数据打不开\n  4  端口无法监听\n  5  服务不正常或没有运行\n  6  运行中数据无法写入，服务已停止\n  7  体检发现需要处理的问题";

/// The order was refused.
pub(super) fn refused() -> ExitCode {
    ExitCode::from(1)
}

/// The data cannot be opened.
pub(super) fn data() -> ExitCode {
    ExitCode::from(3)
}

/// The address cannot be used.
pub(super) fn listen() -> ExitCode {
    ExitCode::from(4)
}

/// No healthy server.
pub(super) fn unhealthy() -> ExitCode {
    ExitCode::from(5)
}

/// The store failed while serving.
pub(super) fn store() -> ExitCode {
    ExitCode::from(6)
}

/// The doctor has found something.
pub(super) fn found() -> ExitCode {
    ExitCode::from(7)
}
