//! Shares among rows: what is spread over them, what is done with what each has, and the settlement
//! of all together.

use super::super::{Among, Case, PoolStep, Source, Target, at};
use super::expr::{Locals, Scene};
use super::flow::{Ending, Flow, Part, Path, To, way_of};
use super::rational::common;
use super::split::Split;
use super::typed::Typed;
use super::{
    Each, RowLoop, RowRead, RowSettle, RowShare, Settle, Slot, Spread, Step, Truth, WayOfSettling,
};

impl<'p> Split<'_, 'p, '_> {
    /// Spreads a share over rows.
    pub fn among(&mut self, among: &'p Among, content: Part) -> Option<Vec<u32>> {
        if self.each.is_some() || content.under.is_some() || among.leg.feed.is_some() {
            return None;
        }
        let (rows, shares) = self.flow.maker.weighed(&among.selection, &mut self.scene)?;
        let (shares, to, under) = (shares?, self.flow.slot(), self.flow.slot());
        let none = among.if_none.as_ref().map(|_| self.flow.slot());
        let spread = Spread { shares, content: content.slot, to, under, none };
        self.steps.push(Step::Spread(Box::new(spread)));
        let leads_to = self.leads_to_row(&among.leg.target, rows)?;
        self.flow.divisions += 1;
        let share = Part { slot: to, den: content.den, under: Some(under) };
        let each = Some(Each { rows, division: self.flow.divisions });
        let leg = among.leg.leg;
        let ending = Ending { leg, to: leads_to, owed: share, share, whole: false, each };
        let mut names = vec![self.end(ending)?];
        if let Some((leg, none)) = among.if_none.as_ref().zip(none) {
            let all = Part { slot: none, ..content };
            names.extend(self.ended(leg, all.rational()?)?.1);
        }
        Some(names)
    }

    /// Where the part of a row goes.
    fn leads_to_row(&mut self, target: &'p Target, rows: u32) -> Option<To> {
        let maker = &mut self.flow.maker;
        Some(match target {
            Target::Account(place) => {
                let scene = &mut self.scene;
                let parts = maker.with_row(|maker| maker.parts(&place.keys, scene))?;
                To::Payee(Some(self.flow.payee(place.account, parts)?))
            }
            Target::Undetermined => To::Payee(None),
            Target::Pool { pool, row: Some(row) } => {
                let own = maker.item_of(rows)?;
                let row = maker.typed(row, &mut self.scene)?;
                (row == Typed::Row(own)).then_some(To::RowPool(*pool))?
            }
            _ => return None,
        })
    }
}

impl super::expr::Maker<'_> {
    /// The row at hand of a selection.
    fn item_of(&mut self, rows: u32) -> Option<u32> {
        let source = self.selections.get(at(rows))?.source;
        Some(self.row(RowRead::Item(source)))
    }
}

impl<'p> Flow<'p> {
    /// The division of a pool that is one for each row, if anything can be in it, and the way with it.
    pub(super) fn of_rows(
        &mut self,
        step: &'p PoolStep,
        pool: u32,
        path: &Path,
    ) -> Option<Option<(RowLoop, Path)>> {
        let mut filling =
            path.endings.iter().filter(|it| matches!(it.to, To::RowPool(to) if to == pool));
        let content = match (filling.next(), filling.next()) {
            (None, _) => return Some(None),
            (Some(one), None) => one,
            // Rows that two legs fill are emptied in an order of their own.
            (Some(_), Some(_)) => return None,
        };
        let (rows, share) = (content.each?.rows, content.share);
        let row = self.maker.item_of(rows)?;
        let mut path = path.clone();
        let mut only = None;
        for case in &step.cases {
            let mut locals: Locals = vec![None; at(case.locals)];
            *locals.get_mut(at(case.row?))? = Some(Typed::Row(row));
            let scene = &mut Scene { locals: &mut locals, own: None };
            self.maker.at_row = true;
            let when = self.head((case.from, case.until), &case.steps, scene);
            self.maker.at_row = false;
            if when != Truth::Constant(false) && only.replace((case, when, locals)).is_some() {
                return None;
            }
        }
        let (case, when, locals) = only?;
        let (steps, endings) = self.of_row(case, (when, locals), (rows, share), &mut path)?;
        let mut keep: Vec<Slot> =
            endings.iter().flat_map(|(_, it)| [it.owed.slot, it.share.slot]).collect();
        keep.sort_unstable();
        keep.dedup();
        path.insert(Source::Pool(pool), endings);
        Some(Some((RowLoop { rows, content: share.slot, steps, keep }, path)))
    }

    /// How what a row has is divided.
    #[expect(clippy::type_complexity, reason = "steps, and endings by name")]
    fn of_row(
        &mut self,
        case: &'p Case,
        (when, mut locals): (Truth, Locals),
        (rows, share): (u32, Part),
        path: &mut Path,
    ) -> Option<(Vec<Step>, Vec<(u32, Ending)>)> {
        let by = way_of(&case.settlement)?;
        if path.by.is_some_and(|known| known != by) {
            return None;
        }
        path.by = Some(by);
        let fed = path.feeds.len();
        self.divisions += 1;
        let each = Some(Each { rows, division: self.divisions });
        self.maker.at_row = true;
        let mut split = Split {
            flow: self,
            scene: Scene { locals: &mut locals, own: None },
            path,
            steps: vec![Step::Check(when)],
            endings: Vec::new(),
            each,
        };
        let divided = match &case.target {
            target @ (Target::Account(_) | Target::Undetermined) => {
                split.ends(u32::MAX, target, share).map(|_| ())
            }
            target => split.divide(target, share).map(|_| ()),
        };
        let (mut steps, mut endings) = (split.steps, split.endings);
        self.maker.at_row = false;
        divided?;
        // What is the same for all rows would be worked out for each, and what legs add under a key of
        // the row too.
        if path.feeds.len() != fed || endings.iter().any(|(_, it)| it.owed.under != share.under) {
            return None;
        }
        if let Some(settlement) = &case.settled {
            // Inside the loop there is one share of each.
            let mut alone = endings.clone();
            alone.iter_mut().for_each(|(_, ending)| ending.each = None);
            steps.push(self.settled(way_of(settlement)?, share, &mut alone, path)?);
            for ((_, ending), (_, one)) in endings.iter_mut().zip(alone) {
                *ending = Ending { each, ..one };
            }
        }
        Some((steps, endings))
    }
}

/// Shares that are made whole together.
#[derive(Debug, Default)]
pub(super) struct Settling {
    pub plus: Vec<Slot>,
    pub minus: Vec<Slot>,
    pub minus_rows: Vec<Slot>,
    /// Each with where its units are put down, and whether there is one for each row.
    pub shares: Vec<(Part, Slot, bool)>,
}

impl Settling {
    pub fn step(self, by: WayOfSettling) -> Option<Step> {
        let Settling { plus, minus, minus_rows, shares } = self;
        let mut den = 1;
        let mut unders: Vec<Slot> = Vec::new();
        for (share, ..) in &shares {
            den = common(den, share.den)?;
            unders.extend(share.under.filter(|under| !unders.contains(under)));
        }
        let plain = unders.is_empty() && minus_rows.is_empty();
        if plain && shares.iter().all(|(.., each)| !each) {
            let share = |(share, to, _): &(Part, Slot, bool)| (share.slot, den / share.den, *to);
            let shares = shares.iter().map(share).collect();
            return Some(Step::Settle(Box::new(Settle { plus, minus, shares, den, by })));
        }
        let share = |(share, to, each): &(Part, Slot, bool)| RowShare {
            from: share.slot,
            by: den / share.den,
            under: share.under,
            to: *to,
            each: *each,
        };
        let shares = shares.iter().map(share).collect();
        let settle = RowSettle { plus, minus, minus_rows, shares, den, unders, by };
        Some(Step::SettleRows(Box::new(settle)))
    }
}
