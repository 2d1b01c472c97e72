//! The days and the hours of silence of a shop, in its own time zone. Pure.
use crate::ids::Millis;
use crate::records::Silence;
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

/// Where a shop's clock hangs.
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: TimeZone,
}

impl Calendar {
    /// By the IANA name of a zone; one that nobody knows is taken for Beijing's.
    #[must_use]
    pub fn of(zone: &str) -> Self {
        Calendar {
            zone: TimeZone::get(zone).unwrap_or_else(|_| TimeZone::fixed(Offset::constant(8))),
        }
    }

    /// The day a moment belongs to, counted from 1970.
    #[must_use]
    pub fn day(&self, at: Millis) -> u32 {
        let offset = self.zone.to_offset(timestamp(at));
        let seconds = at.div_euclid(1000) + i64::from(offset.seconds());
        seconds.div_euclid(86_400).max(0) as u32
    }

    /// When the silence a moment lies in ends; `None` when it lies in none.
    #[must_use]
    pub fn silent_until(&self, at: Millis, silence: &Silence) -> Option<Millis> {
        let Silence { on, from, to } = *silence;
        let local = self.zone.to_datetime(timestamp(at));
        let minute = u32::from(local.hour().unsigned_abs()) * 60 + u32::from(local.minute().unsigned_abs());
        let inside = if from < to {
            (from..to).contains(&minute)
        } else {
            minute >= from || minute < to
        };
        if !on || from == to || !inside {
            return None;
        }
        let date = if minute < to {
            local.date()
        } else {
            local.date().tomorrow().ok()?
        };
        let end = date.at((to / 60) as i8, (to % 60) as i8, 0, 0);
        Some(self.zone.to_timestamp(end).ok()?.as_millisecond())
    }
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24 00:00 in Shanghai.
    const MIDNIGHT: Millis = 1_795_449_600_000;
    const MINUTE: Millis = 60_000;
    const HOUR: Millis = 60 * MINUTE;

    #[test]
    fn a_day_begins_at_the_shops_midnight() {
        let shanghai = Calendar::of("Asia/Shanghai");
        assert_eq!(shanghai.day(MIDNIGHT), shanghai.day(MIDNIGHT - 1) + 1);
        assert_eq!(shanghai.day(MIDNIGHT), shanghai.day(MIDNIGHT + 24 * HOUR - 1));
        let utc = Calendar::of("UTC");
        assert_eq!(utc.day(MIDNIGHT), utc.day(MIDNIGHT - 1));
        assert_eq!(Calendar::of("Nowhere/Else").day(MIDNIGHT), shanghai.day(MIDNIGHT));
    }

    #[test]
    fn the_night_goes_over_midnight() {
        let (calendar, night) = (Calendar::of("Asia/Shanghai"), Silence::default());
        let morning = MIDNIGHT + 8 * HOUR;
        assert_eq!(calendar.silent_until(MIDNIGHT - 2 * HOUR, &night), Some(morning));
        assert_eq!(calendar.silent_until(MIDNIGHT, &night), Some(morning));
        assert_eq!(calendar.silent_until(morning - 1, &night), Some(morning));
        assert_eq!(calendar.silent_until(morning, &night), None);
        assert_eq!(calendar.silent_until(MIDNIGHT - 2 * HOUR - 1, &night), None);
        let off = Silence { on: false, ..night };
        assert_eq!(calendar.silent_until(MIDNIGHT, &off), None);
    }

    #[test]
    fn a_silence_within_a_day_ends_that_day() {
        let calendar = Calendar::of("Asia/Shanghai");
        let noon = Silence {
            on: true,
            from: 12 * 60,
            to: 13 * 60 + 30,
        };
        let at = |minutes: Millis| MIDNIGHT + minutes * MINUTE;
        assert_eq!(calendar.silent_until(at(12 * 60), &noon), Some(at(13 * 60 + 30)));
        assert_eq!(calendar.silent_until(at(13 * 60 + 30), &noon), None);
        assert_eq!(calendar.silent_until(at(0), &noon), None);
    }

    #[test]
    fn a_clock_that_is_turned_does_not_lose_the_morning() {
        // 2026-03-29 02:00 does not exist in Berlin.
        let calendar = Calendar::of("Europe/Berlin");
        let silence = Silence {
            on: true,
            from: 22 * 60,
            to: 2 * 60 + 30,
        };
        let half_past_one = 1_774_744_200_000;
        let end = calendar.silent_until(half_past_one, &silence).unwrap();
        assert!(end > half_past_one && end - half_past_one <= 2 * HOUR, "{end}");
    }
}
