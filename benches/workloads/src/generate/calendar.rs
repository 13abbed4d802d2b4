//! Days in a row, as they are written.

/// `count` days from the first of January of `year` on, as `YYYY-MM-DD`.
pub fn days_from(year: u32, count: usize) -> Vec<String> {
    (year..)
        .flat_map(|year| (1..=12).map(move |month| (year, month)))
        .flat_map(|(year, month)| (1..=length(year, month)).map(move |day| (year, month, day)))
        .map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"))
        .take(count)
        .collect()
}

fn length(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
