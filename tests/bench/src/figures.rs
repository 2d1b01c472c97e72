//! Numbers out of samples.

/// The value that a share of the sorted samples does not exceed (nearest rank); 0 without samples.
pub(crate) fn percentile(sorted: &[f64], share: f64) -> f64 {
    let rank = (sorted.len() as f64 * share).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The samples in order.
pub(crate) fn sorted(mut samples: Vec<f64>) -> Vec<f64> {
    samples.sort_by(f64::total_cmp);
    samples
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(samples: impl IntoIterator<Item = f64>) -> f64 {
    let samples = sorted(samples.into_iter().collect());
    let upper = samples.get(samples.len() / 2).copied().unwrap_or_default();
    let lower = samples
        .get(samples.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default();
    f64::midpoint(lower, upper)
}

/// The least and the most.
pub(crate) fn range(samples: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let samples = sorted(samples.into_iter().collect());
    let first = samples.first().copied().unwrap_or_default();
    (first, samples.last().copied().unwrap_or_default())
}

/// A quotient; `None` when there is nothing to divide by.
pub(crate) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples_and_medians_lie_between() {
        let hundred = sorted((1..=100).rev().map(f64::from).collect());
        assert_eq!(
            (percentile(&hundred, 0.5), percentile(&hundred, 0.99)),
            (50.0, 99.0)
        );
        assert_eq!((percentile(&[7.0], 0.5), percentile(&[7.0], 0.99)), (7.0, 7.0));
        assert_eq!(
            (median([3.0, 1.0, 2.0]), median([4.0, 1.0]), median([])),
            (2.0, 2.5, 0.0)
        );
        assert_eq!(range([2.0, 9.0, 4.0]), (2.0, 9.0));
        assert_eq!((ratio(1.0, 4.0), ratio(1.0, 0.0)), (Some(0.25), None));
    }
}
