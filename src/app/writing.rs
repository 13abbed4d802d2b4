//! What a run writes: on the thread that works events out, or handed over to whoever has time.

use crate::formats::FormatsError;
use crate::report::names::Names;
use crate::rows::{Accounts, Cell, Outcomes, Sink, Stretch, Told};

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
        for stretch in outcomes.stretches() {
            match stretch {
                Stretch::Alone(told) => self.told(told, accounts)?,
                // These have no figures.
                Stretch::Together(events) => {
                    let Outputs { allocations, summary, .. } = &mut *self.outputs;
                    if let Some(out) = allocations {
                        out.together(events, accounts)?;
                    }
                    if let Some(summary) = summary {
                        summary.together(events, accounts, self.names)?;
                    }
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn told(&mut self, told: Told<'_>, accounts: &dyn Accounts) -> Result<(), FormatsError> {
        let Outputs { allocations, summary, figures, .. } = &mut *self.outputs;
        if !told.allocations().is_empty() {
            if let Some(out) = allocations {
                out.event(told.event(), told.allocations(), accounts)?;
            }
            if let Some(summary) = summary {
                summary.event(told.event(), told.allocations(), accounts, self.names)?;
            }
        }
        if let Some(figures) = figures {
            for figure in told.figures() {
                figures.figure(told.event(), figure)?;
            }
        }
        Ok(())
    }

    fn hears_figures(&self) -> bool {
        self.outputs.figures.is_some()
    }
}

/// Outcomes on their way to where they are written, and the accounts that had not occurred before. Some are
/// handed over together: to wake a thread takes as long as to write dozens.
#[derive(Default)]
pub(super) struct Handed {
    /// The first of these; the others are empty.
    outcomes: Vec<Outcomes>,
    count: usize,
    accounts: Vec<(u32, Vec<Cell>)>,
}

/// So many times outcomes are heard before they are handed over.
const TOGETHER: usize = 8;

impl Handed {
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= TOGETHER
    }

    /// Adds outcomes, and the accounts behind those that are known.
    pub(super) fn add(
        &mut self,
        outcomes: &mut Outcomes,
        accounts: &dyn Accounts,
        known: &mut u32,
    ) {
        if self.outcomes.len() == self.count {
            self.outcomes.push(Outcomes::default());
        }
        self.outcomes.get_mut(self.count).into_iter().for_each(|own| std::mem::swap(own, outcomes));
        self.count += 1;
        while let Some((declared, key)) = accounts.account(*known) {
            self.accounts.push((declared, key.to_vec()));
            *known += 1;
        }
    }
}

/// Writes what is handed over, on whatever thread.
pub(super) struct Writes<'e> {
    writer: Box<dyn Sink<Error = FormatsError> + Send + 'e>,
    known: Known,
}

impl<'e> Writes<'e> {
    pub(super) fn by(writer: Box<dyn Sink<Error = FormatsError> + Send + 'e>) -> Writes<'e> {
        Writes { writer, known: Known::default() }
    }

    /// Writes, and empties what was handed over.
    pub(super) fn write(&mut self, handed: &mut Handed) -> Result<(), FormatsError> {
        self.known.0.append(&mut handed.accounts);
        for outcomes in handed.outcomes.iter_mut().take(std::mem::take(&mut handed.count)) {
            self.writer.hear(outcomes, &self.known)?;
            outcomes.clear();
        }
        Ok(())
    }
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
