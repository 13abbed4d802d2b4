//! Dates: adding months to the last of one, periods, ages.

use super::figures::{Condition, all_hold, is_refused};
use super::{Case, cases};

#[test]
fn dates_of_catala() {
    let mut conditions = Vec::new();
    for case in cases("arithmetic/dates.json") {
        if case.kind == "duration_compare" {
            assert_eq!(case.expected("error"), Some("uncomparable_durations"));
            let length = |text: &str| format!("{text}s").replace("ss", "s");
            let (left, right) = (length(case.text("left")), length(case.text("right")));
            let condition = format!("{left} {} {right}", case.text("op"));
            is_refused(Condition::new(&case.id, condition), "F0208");
            continue;
        }
        conditions.extend(said(&case).into_iter().map(|text| Condition::new(&case.id, text)));
    }
    all_hold(&conditions);
}

fn said(case: &Case) -> Vec<String> {
    let wanted = |field: &str| case.expected(field);
    match case.kind.as_str() {
        "date_add" => added(case),
        "month_bounds" => bounds(case, "month"),
        "year_bounds" => bounds(case, "year"),
        "is_old_enough" => aged(case, ">="),
        "is_young_enough" => aged(case, "<"),
        "day_of_week" => {
            let days =
                ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
            let day = days.iter().position(|day| Some(*day) == wanted("weekday")).unwrap() + 1;
            vec![format!("weekday({}) = {day}", case.text("date"))]
        }
        "date_diff_days" => {
            let (from, to) = (case.text("from"), case.text("to"));
            let days = case.expect["days"].as_i64().unwrap();
            vec![format!("days({from}, {to}) = {days}"), format!("{to} - {from} = {days}")]
        }
        "split_period_by_month" => cut(case, &|day, later| {
            (format!("start(month({day}) + {later})"), format!("end(month({day}) + {later})"))
        }),
        "split_period_by_year" => match case.text("year_starts") {
            "January" => cut(case, &|day, later| {
                (format!("start(year({day}) + {later})"), format!("end(year({day}) + {later})"))
            }),
            // A year that starts in November is the calendar year of the day two months later.
            "November" => cut(case, &|day, later| {
                let year = format!("year_number({day} + 2 months) + {later}");
                (format!("date({year} - 1, 11, 1)"), format!("date({year}, 11, 1) - 1 days"))
            }),
            other => panic!("{}: no test for years that start in {other}", case.id),
        },
        other => panic!("{}: no test for the kind {other}", case.id),
    }
}

/// Months and days as one length.
fn length(case: &Case) -> (String, i64) {
    let days = case.input.get("days").map_or(0, |days| days.as_i64().unwrap());
    let length =
        format!("({} * 1 years + {} * 1 months)", case.number("years"), case.number("months"));
    (length, days)
}

/// The last day of the month where there is no such day: what `+` does.
fn down(day: &str, length: &str) -> String {
    format!("({day} + {length})")
}

/// The first of the next month where there is no such day.
fn up(day: &str, length: &str) -> String {
    let moved = down(day, length);
    format!(
        "(if day_of_month({moved}) = day_of_month({day}) then {moved} else start(month({moved}) + 1))"
    )
}

fn added(case: &Case) -> Vec<String> {
    let day = case.text("date");
    let (length, days) = length(case);
    let mut conditions = Vec::new();
    if let Some(wanted) = case.expected("date") {
        conditions.push(format!("{} + {days} days = {wanted}", down(day, &length)));
        conditions.push(format!("{} + {days} days = {wanted}", up(day, &length)));
    }
    if let Some(wanted) = case.expected("round_down") {
        conditions.push(format!("{} + {days} days = {wanted}", down(day, &length)));
    }
    if let Some(wanted) = case.expected("round_up") {
        conditions.push(format!("{} + {days} days = {wanted}", up(day, &length)));
    }
    if let Some(wanted) = case.expected("no_mode") {
        // A rule that will not choose can ask.
        assert_eq!(wanted, "error:ambiguous");
        conditions.push(format!("day_of_month({}) != day_of_month({day})", down(day, &length)));
    }
    assert!(!conditions.is_empty(), "{}: nothing is expected", case.id);
    conditions
}

fn bounds(case: &Case, period: &str) -> Vec<String> {
    let day = case.text("date");
    let first = case.expected("first").map(|first| format!("start({period}({day})) = {first}"));
    let last = case.expected("last").map(|last| format!("end({period}({day})) = {last}"));
    let conditions: Vec<String> = first.into_iter().chain(last).collect();
    assert!(!conditions.is_empty(), "{}: nothing is expected", case.id);
    conditions
}

fn aged(case: &Case, sign: &str) -> Vec<String> {
    let (length, _) = length(case);
    let birthday = match case.text("rounding") {
        "down" => down(case.text("birth"), &length),
        "up" => up(case.text("birth"), &length),
        other => panic!("{}: no test for rounding {other}", case.id),
    };
    let not = if case.expect["bool"].as_bool().unwrap() { "" } else { "not " };
    vec![format!("{not}({} {sign} {birthday})", case.text("at"))]
}

/// The parts of a span of days, both ends inside, that lie in one period each: the first day and the
/// last of the period that comes so many after the one of the span's beginning.
fn cut(case: &Case, period: &dyn Fn(&str, usize) -> (String, String)) -> Vec<String> {
    let (begin, end) = (case.text("begin"), case.text("end"));
    let wanted = case.expect["periods"].as_array().unwrap();
    if case.suspect {
        // The source leaves the last day in the part before; it begins a part of its own.
        let (next, _) = period(begin, 1);
        let (_, last) = period(begin, 0);
        assert_eq!(wanted.len(), 1, "{}", case.id);
        return match case.id.as_str() {
            "dates/split_year/o1" => vec![format!("{end} <= {last}")],
            _ => vec![format!("{next} <= {end}"), format!("{last} < {end}")],
        };
    }
    if wanted.is_empty() {
        return vec![format!("{end} < {begin}")];
    }
    let mut conditions = Vec::new();
    for (at, part) in wanted.iter().enumerate() {
        let (first, last) = period(begin, at);
        let day = |at: usize| part[at].as_str().unwrap();
        conditions.push(format!("max({begin}, {first}) = {}", day(0)));
        conditions.push(format!("min({end}, {last}) = {}", day(1)));
    }
    let (after, _) = period(begin, wanted.len());
    conditions.push(format!("{end} < {after}"));
    conditions
}
