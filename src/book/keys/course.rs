//! Which runs stand one after the other, by what is known of them without their keys.

use crate::book::store::Run;

use super::pages::KEYS_A_PAGE;

/// So many runs of a level at the end of a book become one, and lower ones between them too.
const RUNS_MERGED: usize = 16;
/// Longer runs (in pages) are left as they are: there are few.
const PAGES_MAX: u64 = 8192;

/// The level of a run that was not made of others, by how many keys it has: a run that is as long as
/// one made of shorter ones stands beside it.
pub(in crate::book) fn level_of(keys: usize) -> u8 {
    let mut level = 0;
    let mut bound = 64;
    while keys >= bound && level < 16 {
        (level, bound) = (level + 1, bound * RUNS_MERGED);
    }
    level
}

/// Where the runs begin that are to become one, and of which level that is.
pub(in crate::book) fn due(runs: &[Run]) -> Option<(usize, u8)> {
    let highest = runs.iter().map(|run| run.level).max()?;
    (0..=highest).find_map(|level| {
        let above = runs.iter().rposition(|run| run.level > level);
        let tail = runs.get(above.map_or(0, |at| at + 1)..).unwrap_or_default();
        // Lower ones before the first of the level have others to wait for.
        let lower = tail.iter().take_while(|run| run.level < level).count();
        let tail = tail.get(lower..).unwrap_or_default();
        let many = tail.iter().filter(|run| run.level == level).count();
        let pages = tail.iter().fold(0_u64, |pages, run| pages.saturating_add(run.pages()));
        let from = runs.len() - tail.len();
        // An entry is told by a distance of 32 bits.
        let spans = runs.last()?.upto.saturating_sub(runs.get(from)?.since);
        let fits = pages <= PAGES_MAX && u32::try_from(spans.saturating_mul(2)).is_ok();
        (many >= RUNS_MERGED && fits).then_some((from, level.saturating_add(1)))
    })
}

/// Of the runs of all entries so far the first that another one stands for, if that one can follow them, its
/// pages from this one on: it is of the entries after them and stands for none, or one was due and it is
/// that.
///
/// Who may add rows alone can so hide no key by a row that stands for others.
pub(super) fn place_of(run: &Run, runs: &[Run], page: u64) -> Option<usize> {
    let upto = runs.last().map_or(0, |run| run.upto);
    let (from, since, as_made) = if run.upto == upto {
        let (from, level) = due(runs)?;
        let of = runs.get(from..)?;
        let keys = of.iter().map(keys_of);
        let (fewest, most) = keys.fold((0, 0), |sum, of| (sum.0 + of.0, sum.1 + of.1));
        let pages = fewest.div_ceil(KEYS_A_PAGE)..=most.div_ceil(KEYS_A_PAGE);
        let made = run.level == level && pages.contains(&pages_of(run));
        (from, of.first()?.since, made)
    } else {
        let (fewest, most) = keys_of(run);
        (runs.len(), upto, (level_of(fewest)..=level_of(most)).contains(&run.level))
    };
    let (firsts, rest) = run.firsts.as_chunks::<16>();
    let follows = run.since == since && since < run.upto && run.page == page;
    (as_made && follows && rest.is_empty() && firsts.is_sorted()).then_some(from)
}

/// How many keys a run has, at least and at most: all of its pages but the last are full.
fn keys_of(run: &Run) -> (usize, usize) {
    match pages_of(run) {
        0 => (0, 0),
        pages => ((pages - 1) * KEYS_A_PAGE + 1, pages * KEYS_A_PAGE),
    }
}

fn pages_of(run: &Run) -> usize {
    run.firsts.len() / 16
}
