//! Moments as people of a shop read them.
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone with an IANA name; UTC when there is none of that name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Zone(TimeZone::get(name).unwrap_or(TimeZone::UTC))
    }

    /// `2026-11-23 08:05:00`; empty outside the years a calendar has.
    #[must_use]
    pub fn local(&self, millis: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(millis) else {
            return String::new();
        };
        at.to_zoned_datetime(self.0.clone())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string()
    }

    /// `2026-11-23T08:05:00+08:00`.
    #[must_use]
    pub fn rfc3339(&self, millis: i64) -> String {
        let Ok(at) = Timestamp::from_millisecond(millis) else {
            return String::new();
        };
        at.to_zoned_datetime(self.0.clone())
            .strftime("%Y-%m-%dT%H:%M:%S%:z")
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_told_in_the_shops_zone() {
        let shanghai = Zone::named("Asia/Shanghai");
        assert_eq!(shanghai.local(1_763_942_400_000), "2025-11-24 08:00:00");
        assert_eq!(shanghai.rfc3339(1_763_942_400_000), "2025-11-24T08:00:00+08:00");
        assert_eq!(Zone::named("nowhere").local(0), "1970-01-01 00:00:00");
        assert_eq!(shanghai.local(i64::MAX), "");
    }
}
