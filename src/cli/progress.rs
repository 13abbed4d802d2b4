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
    /// So many events there were when it began to move; [`STANDS`] before. How fast it goes is told from
    /// then on: events may have to be put in order first.
    from: Arc<AtomicU64>,
    /// Where the bar stood first.
    start: u64,
}

const STANDS: u64 = u64::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Files of unknown length are read.
    Counting,
    Reading,
    WorkingOut,
    /// What was worked out is written to its end; a workbook is packed then.
    Writing,
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
        self.draw(kind, events, (position, length));
    }

    /// All has been worked out, and not all is written.
    pub(super) fn writing(&self) {
        if self.shown {
            self.draw(Kind::Writing, self.events.load(Ordering::Relaxed), (0, None));
        }
    }

    fn draw(&self, kind: Kind, events: u64, (position, length): (u64, Option<u64>)) {
        self.events.store(events, Ordering::Relaxed);
        let mut phase = self.phase.borrow_mut();
        if phase.as_ref().is_none_or(|phase| phase.kind != kind) {
            phase.take().into_iter().for_each(|phase| phase.bar.finish_and_clear());
            let from = Arc::new(AtomicU64::new(STANDS));
            let bar = self.bar(kind, length, &from);
            *phase = Some(Phase { bar, kind, from, start: position });
        }
        let Some(phase) = phase.as_ref() else { return };
        phase.bar.set_position(position);
        if kind == Kind::Writing {
            // Nothing moves it.
            phase.bar.tick();
        }
        if position > phase.start && phase.from.load(Ordering::Relaxed) == STANDS {
            phase.from.store(events, Ordering::Relaxed);
            phase.bar.reset_elapsed();
            phase.bar.reset_eta();
        }
    }

    pub(super) fn end(&self) {
        self.phase.take().into_iter().for_each(|phase| phase.bar.finish_and_clear());
    }

    fn bar(&self, kind: Kind, length: Option<u64>, from: &Arc<AtomicU64>) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template(kind, self.console)) {
            let counted = self.events.clone();
            let events = move |_: &ProgressState, to: &mut dyn Write| {
                let _ = write!(to, "{}", HumanCount(counted.load(Ordering::Relaxed)));
            };
            let (counted, since) = (self.events.clone(), from.clone());
            let rate = move |state: &ProgressState, to: &mut dyn Write| {
                let before = since.load(Ordering::Relaxed);
                let more = u128::from(counted.load(Ordering::Relaxed).saturating_sub(before));
                let rate = more * 1000 / state.elapsed().as_millis().max(1);
                let rate = u64::try_from(rate).unwrap_or(u64::MAX);
                tell((state, before), to, &HumanCount(rate));
            };
            let since = from.clone();
            let left = move |state: &ProgressState, to: &mut dyn Write| {
                let before = since.load(Ordering::Relaxed);
                tell((state, before), to, &FormattedDuration(state.eta()));
            };
            let style = style.with_key("events", events).with_key("rate", rate);
            bar.set_style(style.with_key("left", left));
        }
        bar
    }
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        self.end();
    }
}

/// It has to move for so long that one can tell how fast it goes.
const KNOWN_AFTER: Duration = Duration::from_millis(300);

/// Writes what the speed tells, once it is known.
fn tell((state, from): (&ProgressState, u64), to: &mut dyn Write, what: &dyn Display) {
    let is_known = from != STANDS && state.elapsed() >= KNOWN_AFTER;
    let what = if is_known { what } else { &UNKNOWN };
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
        Kind::Writing => console.pick("{spinner} writing the results", "{spinner} 正在写出结果"),
    }
}
