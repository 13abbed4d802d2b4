//! What a run writes: on the thread that works events out, or beside it on one of its own.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use crate::formats::FormatsError;
use crate::report::names::Names;
use crate::rows::{Accounts, Cell, Outcomes, Sink};

use super::run::Outputs;

/// Writes what each event gave.
pub(super) struct Writer<'d, 'n> {
    pub(super) names: &'n Names,
    pub(super) outputs: &'d mut Outputs<'n>,
}

impl Sink for Writer<'_, '_> {
    type Error = FormatsError;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        let Outputs { allocations, summary, .. } = &mut *self.outputs;
        let mut telling = outcomes.telling();
        while let Some(told) = telling.next_event() {
            if told.allocations().is_empty() {
                continue;
            }
            if let Some(out) = allocations {
                out.event(told.event(), told.allocations(), accounts)?;
            }
            if let Some(summary) = summary {
                summary.event(told.event(), told.allocations(), accounts, self.names)?;
            }
        }
        if let Some(figures) = &mut self.outputs.figures {
            let mut telling = outcomes.telling();
            while let Some(told) = telling.next_event() {
                for figure in told.figures() {
                    figures.figure(told.event(), figure)?;
                }
            }
        }
        Ok(())
    }

    fn hears_figures(&self) -> bool {
        self.outputs.figures.is_some()
    }
}

/// Hands outcomes over to a thread that writes them, in their order. Some are handed over together: to
/// wake a thread takes as long as to write dozens.
pub(super) struct Beside<'s> {
    to: SyncSender<Handed>,
    /// Memory that has been emptied, to be used again.
    back: Receiver<Handed>,
    /// What is to be handed over next.
    now: Handed,
    /// How many accounts have been handed over.
    known: u32,
    thread: Option<ScopedJoinHandle<'s, Result<(), FormatsError>>>,
    hears_figures: bool,
}

/// Outcomes, and the accounts that had not occurred before.
#[derive(Default)]
struct Handed {
    /// The first of these; the others are empty.
    outcomes: Vec<Outcomes>,
    count: usize,
    accounts: Vec<(u32, Vec<Cell>)>,
}

/// So many times outcomes are heard before they are handed over.
const TOGETHER: usize = 8;
/// So many hand-overs may wait: about a tenth of a second's work.
const WAITING: usize = 4;

impl<'s> Beside<'s> {
    pub(super) fn new<'e>(writer: Writer<'s, 'e>, scope: &'s Scope<'s, '_>) -> Beside<'s>
    where
        'e: 's,
    {
        let (to, handed) = sync_channel(WAITING);
        let (emptied, back) = sync_channel(WAITING);
        let hears_figures = writer.hears_figures();
        let thread = scope.spawn(move || write(writer, &handed, &emptied));
        let now = Handed::default();
        Beside { to, back, now, known: 0, thread: Some(thread), hears_figures }
    }

    fn hand_over(&mut self) -> Result<(), FormatsError> {
        let next = self.back.try_recv().unwrap_or_default();
        match self.to.send(std::mem::replace(&mut self.now, next)) {
            Ok(()) => Ok(()),
            // It has ended before all was written.
            Err(_) => self.thread.take().map_or(Ok(()), joined),
        }
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// The disk is full, or whoever reads the other end has gone.
    pub(super) fn finish(mut self) -> Result<(), FormatsError> {
        if self.now.count > 0 {
            self.hand_over()?;
        }
        let Beside { to, thread, .. } = self;
        drop(to);
        thread.map_or(Ok(()), joined)
    }
}

fn joined(thread: ScopedJoinHandle<'_, Result<(), FormatsError>>) -> Result<(), FormatsError> {
    // A bug there is one here.
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

impl Sink for Beside<'_> {
    type Error = FormatsError;

    fn hear(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
    ) -> Result<(), FormatsError> {
        let now = &mut self.now;
        if now.outcomes.len() == now.count {
            now.outcomes.push(Outcomes::default());
        }
        now.outcomes.get_mut(now.count).into_iter().for_each(|own| std::mem::swap(own, outcomes));
        now.count += 1;
        while let Some((declared, key)) = accounts.account(self.known) {
            now.accounts.push((declared, key.to_vec()));
            self.known += 1;
        }
        if now.count < TOGETHER { Ok(()) } else { self.hand_over() }
    }

    fn hears_figures(&self) -> bool {
        self.hears_figures
    }
}

fn write(
    mut writer: Writer<'_, '_>,
    handed: &Receiver<Handed>,
    emptied: &SyncSender<Handed>,
) -> Result<(), FormatsError> {
    let mut known = Known::default();
    for mut handed in handed {
        known.0.append(&mut handed.accounts);
        for outcomes in handed.outcomes.iter_mut().take(std::mem::take(&mut handed.count)) {
            writer.hear(outcomes, &known)?;
            outcomes.clear();
        }
        // What there is no room for is not needed.
        let _ = emptied.try_send(handed);
    }
    Ok(())
}

/// The accounts that have occurred so far.
#[derive(Default)]
struct Known(Vec<(u32, Vec<Cell>)>);

impl Accounts for Known {
    fn account(&self, position: u32) -> Option<(u32, &[Cell])> {
        let (declared, key) = self.0.get(usize::try_from(position).ok()?)?;
        Some((*declared, key))
    }
}
