//! The dry run: everybody who is meant, whether they will get it, and why not.
use crate::desk::Row;
use crate::ids::{CustomerId, Millis};
use crate::records::Skip;

/// What a broadcast would do at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// When it was made.
    pub at: Millis,
    /// The revision of the draft it was made of.
    pub revision: u32,
    /// Everybody, in the order of customers.
    rows: Vec<(CustomerId, Option<Skip>)>,
}

impl Plan {
    /// Of what was gathered.
    #[must_use]
    pub fn of(rows: &[Row], revision: u32, at: Millis) -> Self {
        Plan {
            at,
            revision,
            rows: rows.iter().map(|row| (row.customer, row.skip)).collect(),
        }
    }

    /// Everybody who is meant.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.rows.len() as u32
    }

    /// How many share a verdict; `None`: they will get it.
    #[must_use]
    pub fn count(&self, verdict: Option<Skip>) -> u32 {
        self.rows.iter().filter(|(_, known)| *known == verdict).count() as u32
    }

    /// Customers behind `after`; with `only`, those of one verdict.
    pub fn page(
        &self,
        only: Option<Option<Skip>>,
        after: Option<CustomerId>,
    ) -> impl Iterator<Item = (CustomerId, Option<Skip>)> {
        let from = after.map_or(0, |after| self.rows.partition_point(|(id, _)| *id <= after));
        let rows = self.rows.get(from..).unwrap_or_default().iter().copied();
        rows.filter(move |(_, verdict)| only.is_none_or(|only| only == *verdict))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ChannelId;

    #[test]
    fn a_plan_counts_everybody_once_and_pages_by_customer() {
        let verdicts = [None, Some(Skip::QuotaSpent), None, Some(Skip::WindowOver)];
        let rows: Vec<Row> = (1..=100)
            .map(|n| Row {
                customer: CustomerId(n),
                channel: ChannelId(1),
                peer: format!("o{n}"),
                skip: verdicts[n as usize % 4],
            })
            .collect();
        let plan = Plan::of(&rows, 1, 0);
        let skipped: u32 = Skip::ALL.into_iter().map(|why| plan.count(Some(why))).sum();
        assert_eq!(plan.count(None) + skipped, plan.total());
        assert_eq!(plan.count(None), 50);
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page: Vec<_> = plan.page(Some(None), after).take(7).collect();
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            seen.extend(page.into_iter().map(|(id, _)| id.0));
        }
        let wanted: Vec<u64> = (1..=100).filter(|n| n % 2 == 0).collect();
        assert_eq!(seen, wanted);
    }
}
