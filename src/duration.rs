//! Times for people.

/// A time to wait for, in words: "40 s", "7 min", "2 h 10 min".
#[must_use]
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0).round() as u64;
    match seconds {
        0..=99 => format!("{seconds} s"),
        100..=5999 => format!("{} min", (seconds + 30) / 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_are_as_long_as_they_need_be() {
        assert_eq!(
            [0.4, 99.0, 110.0, 5400.0, 7860.0].map(super::duration),
            ["0 s", "99 s", "2 min", "90 min", "2 h 11 min"]
        );
    }
}
