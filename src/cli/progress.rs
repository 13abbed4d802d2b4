//! How far a run has come, on a terminal.

use std::cell::RefCell;
use std::fmt::{Display, Write};
use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{
    FormattedDuration, HumanCount, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle,
};

use crate::app;

use super::console::Console;

/// A line on the standard error, drawn anew; nothing where that is no terminal.
pub(super) struct Progress<'c> {
    console: &'c Console,
    shown: bool,
    phase: RefCell<Option<Phase>>,
    /// Events so far: the bar counts bytes while files are read.
    events: Arc<AtomicU64>,
}

/// What is drawn at a time.
struct Phase {
    bar: ProgressBar,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Files of unknown length are read.
    Counting,
    Reading,
    WorkingOut,
}

impl<'c> Progress<'c> {
    pub(super) fn new(console: &'c Console) -> Progress<'c> {
        let shown = !console.quiet && std::io::stderr().is_terminal();
        Progress { console, shown, phase: RefCell::default(), events: Arc::default() }
    }

    pub(super) fn at(&self, progress: app::Progress) {
        if !self.shown {
            return;
        }
        let (kind, events, position, length) = match progress {
            app::Progress::Reading { events, bytes: None } => {
                (Kind::Counting, events, events, None)
            }
            app::Progress::Reading { events, bytes: Some((read, all)) } => {
                (Kind::Reading, events, read, Some(all))
            }
            app::Progress::WorkingOut { done, of } => (Kind::WorkingOut, done, done, Some(of)),
        };
        self.events.store(events, Ordering::Relaxed);
        let mut phase = self.phase.borrow_mut();
        if phase.as_ref().is_none_or(|phase| phase.kind != kind) {
            phase.take().into_iter().for_each(|phase| phase.bar.finish_and_clear());
            *phase = Some(Phase { bar: self.bar(kind, length), kind });
        }
        phase.iter().for_each(|phase| phase.bar.set_position(position));
    }

    fn bar(&self, kind: Kind, length: Option<u64>) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template(kind, self.console)) {
            let counted = self.events.clone();
            let events = move |_: &ProgressState, to: &mut dyn Write| {
                let _ = write!(to, "{}", HumanCount(counted.load(Ordering::Relaxed)));
            };
            let (counted, before) = (self.events.clone(), self.events.load(Ordering::Relaxed));
            let rate = move |state: &ProgressState, to: &mut dyn Write| {
                let since = u128::from(counted.load(Ordering::Relaxed).saturating_sub(before));
                let rate = since * 1000 / state.elapsed().as_millis().max(1);
                let rate = u64::try_from(rate).unwrap_or(u64::MAX);
                tell(state, to, &HumanCount(rate));
            };
            let left = |state: &ProgressState, to: &mut dyn Write| {
                tell(state, to, &FormattedDuration(state.eta()));
            };
            let style = style.with_key("events", events).with_key("rate", rate);
            bar.set_style(style.with_key("left", left));
        }
        bar
    }

    pub(super) fn end(&self) {
        self.phase.take().into_iter().for_each(|phase| phase.bar.finish_and_clear());
    }
}

/// Whether it has gone on for long enough that one can tell how fast it goes.
fn is_known(state: &ProgressState) -> bool {
    state.pos() > 0 && state.elapsed() >= KNOWN_AFTER
}

const KNOWN_AFTER: Duration = Duration::from_millis(300);

/// Writes what the speed tells, once it is known.
fn tell(state: &ProgressState, to: &mut dyn Write, what: &dyn Display) {
    let what = if is_known(state) { what } else { &UNKNOWN };
    // Nobody can do anything about a line that cannot be made.
    let _ = write!(to, "{what}");
}

/// Stands for what cannot be told yet.
const UNKNOWN: &str = "…";

fn template(kind: Kind, console: &Console) -> &'static str {
    match kind {
        Kind::Counting => console.pick(
            "{spinner} {events} events read, {rate} a second",
            "{spinner} 已读 {events} 条事项，每秒 {rate} 条",
        ),
        Kind::Reading => console.pick(
            "{percent:>3}% {bar:20} {events} events read, {rate} a second, {left} left",
            "{percent:>3}% {bar:20} 已读 {events} 条事项，每秒 {rate} 条，剩余 {left}",
        ),
        Kind::WorkingOut => console.pick(
            "{percent:>3}% {bar:10} {events} of {human_len} worked out, {rate} a second, {left} left",
            "{percent:>3}% {bar:10} 已算出 {events}/{human_len} 条，每秒 {rate} 条，剩余 {left}",
        ),
    }
}
