//! Figures of the writer, for the status page and the benchmark.

/// What the writer did since the store was opened, and what the store takes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Stats {
    /// Groups made durable. Each cost one transaction of the engine and one wait for the disk.
    pub groups: u64,
    /// Transactions in them.
    pub transactions: u64,
    /// Keys written or deleted, each counted once per group.
    pub keys: u64,
    /// Transactions in the last group.
    pub last_group: u64,
    /// Transactions per group, on average; 0 before the first.
    pub mean_group: f64,
    /// Transactions that wait now.
    pub queued: u64,
    /// Size of the store's files in bytes.
    pub bytes_on_disk: u64,
    /// Files in `blobs/`. Anything but 0 means a record grew too large: see the log.
    pub blob_files: u64,
}
