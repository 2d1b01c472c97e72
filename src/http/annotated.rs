//! The table of annotations that leaves the desk: the selected rows, or what the list finds.
use super::context::Context;
use super::download::{self, Row, Table};
use super::reply::Reply;
use crate::app::Installation;
use crate::exchange::zone;
use std::io;
use weikefu_core::annotations::{self, Sought};
use weikefu_core::error::Language;
use weikefu_core::history;
use weikefu_core::ids::ShopId;
use weikefu_core::records::{Annotation, AnnotationId};
use weikefu_tables::{Cell, Column, Format};

/// Rows that are found at most, and at a time.
const ROWS: (usize, usize) = (10_000, 500);

const COLUMNS: &[Column] = &[
    Column::new("id", "标注编号", "Annotation", 10),
    Column::new("customer", "客户编号", "Customer", 10),
    Column::new("name", "客户昵称", "Name", 20),
    Column::new("remark", "客户备注", "Remark", 24),
    Column::new("openid", "openid", "Openid", 32),
    Column::new("text", "标注内容", "Text", 48),
    Column::new("by", "标注客服", "By", 14),
    Column::new("at", "标注时间", "At", 20),
    Column::new("state", "状态", "State", 10),
    Column::new("solved_by", "解决客服", "Solved by", 14),
    Column::new("solved_at", "解决时间", "Solved at", 20),
];

/// What is to be in the table.
pub(super) struct Annotations {
    pub(super) installation: Installation,
    pub(super) language: Language,
    pub(super) shop: ShopId,
    /// What is looked for; what the asker may not see is never written, named or not.
    pub(super) sought: Sought,
    /// Only these, if any are named.
    pub(super) ids: Vec<AnnotationId>,
}

impl Annotations {
    pub(super) fn table(self, context: &Context, format: Format) -> Reply {
        let table = Table {
            format,
            columns: COLUMNS,
            name: ("标注事件", "annotations"),
            zone: zone(&self.installation, self.shop),
        };
        download::table(context, table, move |row| self.write(row))
    }

    fn write(&self, row: &mut Row<'_>) -> io::Result<()> {
        if !self.ids.is_empty() {
            for id in &self.ids {
                let known = self.installation.trees.annotations.get(&(self.shop, *id));
                let known = known.map_err(io::Error::other)?;
                if let Some(annotation) = known.filter(|known| self.sought.fits(known)) {
                    self.one(&annotation, row)?;
                }
            }
            return Ok(());
        }
        let (mut after, mut written) = (None, 0);
        loop {
            let trees = &self.installation.trees;
            let found = annotations::search(trees, self.shop, &self.sought, after, ROWS.1);
            let found = found.map_err(io::Error::other)?;
            for annotation in &found.annotations {
                self.one(annotation, row)?;
                written += 1;
            }
            after = found.next;
            if after.is_none() || written >= ROWS.0 {
                return Ok(());
            }
        }
    }

    fn one(&self, annotation: &Annotation, row: &mut Row<'_>) -> io::Result<()> {
        let (trees, accounts) = (&self.installation.trees, &self.installation.accounts);
        let customer = trees
            .customers
            .get(&annotation.customer)
            .map_err(io::Error::other)?;
        let latest = history::latest_conversation(trees, annotation.customer).map_err(io::Error::other)?;
        let name = |by| {
            accounts
                .get(by)
                .map_or_else(|_| String::new(), |agent| agent.nickname)
        };
        let (by, solved) = (name(annotation.by), annotation.solved);
        let solved_by = solved.map(|solved| name(solved.by)).unwrap_or_default();
        let state = match (self.language, solved.is_some()) {
            (Language::Chinese, true) => "已解决",
            (Language::Chinese, false) => "未解决",
            (Language::English, true) => "solved",
            (Language::English, false) => "open",
        };
        let shown = customer.as_ref();
        row(&[
            Cell::Number(annotation.id.0 as i64),
            Cell::Number(annotation.customer.number().into()),
            Cell::Text(shown.map_or("", |customer| customer.display_name())),
            Cell::Text(shown.map_or("", |customer| customer.remark.as_str())),
            Cell::Text(latest.as_ref().map_or("", |latest| latest.peer.as_str())),
            Cell::Text(&annotation.text),
            Cell::Text(&by),
            Cell::Time(annotation.at),
            Cell::Text(state),
            Cell::Text(&solved_by),
            solved.map_or(Cell::Empty, |solved| Cell::Time(solved.at)),
        ])
    }
}
