//! A province disposes of its own money: rules must keep to the region whose law they are.

use crate::base::Span;
use crate::diagnostics::{Diagnostic, Words};
use crate::model::{
    Body, Constant, EnumerationId, EventId, EventSource, Expr, ExprKind, FieldIx, Level, Levy,
    LevyCase, MemberIx, Name, Place, RuleCase, RuleSet, Source, Split, Target, Type,
};

use super::authority::{Power, is_above};
use super::covered::Covered;
use super::guards::Guards;
use super::space::{Formula, Found, Names};
use super::walk;

codes! {
    /// **What it finds.** A rule of a province, a city or an agreement that may pay to, or apply to events
    /// of, a region outside its own. The finding names such a case.
    ///
    /// **Why it matters.** A province disposes of its own money.
    ///
    /// **Not so:**
    /// ```fen
    /// module provincial
    /// authority province hebei
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account treasury[Region]
    /// event fee { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   split inflow
    ///     all  to treasury[place]
    /// ```
    /// **But so:**
    /// ```fen
    /// module provincial
    /// authority province hebei
    /// settlement largest remainder
    /// regions { hebei { baoding }; beijing }
    /// account treasury[Region]
    /// event fee { id : text unique; date : date effective; place : Region; amount : money inflow }
    /// rule kept
    ///   when place in hebei
    ///   split inflow
    ///     all  to treasury[place]
    /// rule misled
    ///   when place not in hebei
    ///   split inflow
    ///     all  undetermined "外省收入"
    /// ```
    OUTSIDE_REGION "F0373" "a rule beyond its region" "超出本地区";

    /// **What it finds.** A rule of an agreement whose regions depend on what a register holds.
    ///
    /// **Why it matters.** The parties dispose of their own money. A register that names another region
    /// would reach into somebody else's, and nothing in the rules would stop it.
    ///
    /// **Not so:**
    /// ```fen
    /// module pact
    /// authority agreement of hebei, beijing
    /// settlement largest remainder
    /// regions { hebei; beijing; tianjin }
    /// account treasury[Region]
    /// register parties by enterprise { enterprise : text; region : Region }
    /// event fee {
    ///   id : text unique; date : date effective; enterprise : text; amount : money inflow }
    /// rule shared
    ///   with p = parties[enterprise]
    ///   split inflow
    ///     all  to treasury[p.region]
    /// ```
    /// **But so:**
    /// ```fen
    /// module pact
    /// authority agreement of hebei, beijing
    /// settlement largest remainder
    /// regions { hebei; beijing; tianjin }
    /// account treasury[Region]
    /// register parties by enterprise { enterprise : text; region : Region }
    /// event fee {
    ///   id : text unique; date : date effective; enterprise : text; amount : money inflow }
    /// rule shared
    ///   with p = parties[enterprise]
    ///   when p.region in {hebei, beijing}
    ///   split inflow
    ///     all  to treasury[p.region]
    /// rule misled
    ///   with p = parties[enterprise]
    ///   when p.region not in {hebei, beijing}
    ///   split inflow
    ///     all  undetermined "非协议方"
    /// ```
    OUTSIDE_PERHAPS "F0374" "regions that only data can tell" "地区须视数据而定";
}

/// A rule below the national level, on one event kind, against its region.
pub(super) fn check_case(power: &Power<'_>, case: &RuleCase, found: &mut Vec<Diagnostic>) {
    let (rules, level) = (power.rules, power.level);
    let reach = Reach {
        rules,
        level,
        event: case.event,
        what: What { kind: ("rule", "规则"), name: &power.rule.name },
    };
    let Some(tree) = tree(level) else { return };
    let applied = power.applies(case);
    reach.check(applied, &region_keys(case, tree), is_of_higher(rules, level, case), found);
}

/// A levy below the national level, on one event kind, against its region.
pub(super) fn check_levy(
    rules: &RuleSet,
    level: &Level,
    levy: &Levy,
    case: &LevyCase,
    found: &mut Vec<Diagnostic>,
) {
    let what = What { kind: ("levy", "征收"), name: &levy.name };
    let reach = Reach { rules, level, event: case.event, what };
    let Some(tree) = tree(level) else { return };
    let mut guards = Guards::new(rules, case.event);
    let (applies, names) = guards.levy(Covered { from: levy.from, until: levy.until }, case);
    let mut places = Vec::new();
    walk::each_target(&case.into, &mut |target| places.extend(account_of(target)));
    let of_higher = is_higher_event(rules, level, case.event);
    reach.check((guards, applies, names), &of_tree(places, tree), of_higher, found);
}

/// The enumeration of a level's regions.
fn tree(level: &Level) -> Option<EnumerationId> {
    own(level).first().map(|(tree, _)| *tree)
}

/// The regions whose law it is; none for the nation's, and where none is named.
pub(super) fn own(level: &Level) -> Vec<(EnumerationId, MemberIx)> {
    match level {
        Level::National => Vec::new(),
        Level::Province(region) | Level::City(region) => region.iter().copied().collect(),
        Level::Agreement(members) => members.clone(),
    }
}

/// A rule or a levy, as messages call it.
struct What<'a> {
    kind: (&'static str, &'static str),
    name: &'a Name,
}

/// How far a rule or levy reaches.
struct Reach<'a> {
    rules: &'a RuleSet,
    level: &'a Level,
    event: EventId,
    what: What<'a>,
}

impl Reach<'_> {
    /// `places` are the regions in the accounts it pays to or draws from; `of_higher` says that the
    /// money or the event is a higher level's.
    fn check(
        &self,
        (mut guards, applies, names): (Guards<'_>, Formula, Names<'_>),
        places: &[&Expr],
        of_higher: bool,
        found: &mut Vec<Diagnostic>,
    ) {
        let own = own(self.level);
        let Some((tree, _)) = own.first().copied() else { return };
        let mut proven = false;
        for key in places {
            let unfolded = names.clone().unfold(key);
            let outside = inside(&mut guards, &unfolded, &own).not();
            match guards.space.find(&Formula::all([applies.clone(), outside])) {
                Found::Never => proven = true,
                Found::Perhaps(_) if self.is_agreement() => {
                    found.push(self.outside_perhaps(key.span));
                    return;
                }
                Found::Certainly(witness) | Found::Perhaps(witness) => {
                    let witness = guards.space.pairs(Some(self.event), &witness);
                    found.push(self.outside(key.span, witness));
                    return;
                }
                Found::TooMany => {
                    found.push(self.outside(key.span, Vec::new()));
                    return;
                }
            }
        }
        if proven || !of_higher {
            return;
        }
        let fields = region_fields(self.rules, self.event, tree);
        let mut witness = None;
        for field in fields {
            let unfolded = guards.names().unfold(&field);
            let outside = inside(&mut guards, &unfolded, &own).not();
            match guards.space.find(&Formula::all([applies.clone(), outside])) {
                Found::Never => return,
                Found::Perhaps(_) if self.is_agreement() => {
                    found.push(self.outside_perhaps(self.what.name.span));
                    return;
                }
                Found::Certainly(found) | Found::Perhaps(found) => {
                    witness.get_or_insert(guards.space.pairs(Some(self.event), &found));
                }
                Found::TooMany => {}
            }
        }
        found.push(self.outside(self.what.name.span, witness.unwrap_or_default()));
    }

    fn is_agreement(&self) -> bool {
        matches!(self.level, Level::Agreement(_))
    }

    fn outside_perhaps(&self, span: Span) -> Diagnostic {
        let ((en, zh), name) = (self.what.kind, &self.what.name.text);
        let words = Words::new(
            format!(
                "whether {en} `{name}` keeps to the regions that agreed, only the data can tell"
            ),
            format!("{zh}「{name}」是否限于协议各方地区，须视数据而定"),
        );
        Diagnostic::remark(OUTSIDE_PERHAPS, span, words)
    }

    fn outside(&self, span: Span, witness: Vec<(String, String)>) -> Diagnostic {
        let ((en, zh), name) = (self.what.kind, &self.what.name.text);
        let words = Words::new(
            format!("{en} `{name}` may reach beyond the region whose law it is"),
            format!("{zh}「{name}」可能超出其所属地区"),
        );
        let help = Words::new(
            "bind it to the region: `when REGION_FIELD in …`",
            "以条件限定地区：「当 地区字段 属于 …」",
        );
        Diagnostic::error(OUTSIDE_REGION, span, words).with_witness(witness).with_help(help)
    }
}

/// Whether a rule divides what comes from a higher level's event or pool, or out of its accounts.
fn is_of_higher(rules: &RuleSet, level: &Level, case: &RuleCase) -> bool {
    if let Body::Split(Split { source: Source::Pool(pool), .. }) = &case.body {
        let pool = rules.pools.get(pool.index());
        return pool.is_some_and(|pool| is_above(rules, pool.module, level));
    }
    is_higher_event(rules, level, case.event)
}

/// Whether a higher level declares an event, or the account that a stage empties.
fn is_higher_event(rules: &RuleSet, level: &Level, event: EventId) -> bool {
    rules.events.get(event.index()).is_some_and(|event| {
        let closed = match event.source {
            EventSource::Stage { closes, .. } => rules.accounts.get(closes.index()),
            EventSource::Sent | EventSource::Periodic { .. } | EventSource::OnDate { .. } => None,
        };
        is_above(rules, event.module, level)
            || closed.is_some_and(|account| is_above(rules, account.module, level))
    })
}

fn inside(guards: &mut Guards<'_>, key: &Expr, own: &[(EnumerationId, MemberIx)]) -> Formula {
    let within = own.iter().map(|(tree, region)| {
        let kind = ExprKind::Constant(Constant::Member(*tree, *region));
        let region = Expr { kind, ty: Type::Member(*tree), span: key.span };
        let kind = ExprKind::InTree(Box::new(key.clone()), Box::new(region));
        Expr { kind, ty: Type::Bool, span: key.span }
    });
    let within: Vec<Expr> = within.collect();
    Formula::Any(within.iter().map(|condition| guards.space.condition(condition)).collect())
}

/// The regions in the accounts that a case pays to, or draws from.
fn region_keys<'a>(case: &'a RuleCase, tree: EnumerationId) -> Vec<&'a Expr> {
    let mut places: Vec<&'a Place> = Vec::new();
    let mut visit = |target: &'a Target| places.extend(account_of(target));
    match &case.body {
        Body::Split(split) => walk::each_target(&split.target, &mut visit),
        Body::Transfers(transfers) => {
            for transfer in transfers {
                walk::each_target(&transfer.to, &mut visit);
            }
            places.extend(transfers.iter().flat_map(|transfer| &transfer.from));
        }
    }
    of_tree(places, tree)
}

fn account_of(target: &Target) -> Option<&Place> {
    if let Target::Account(place) = target { Some(place) } else { None }
}

/// The keys that name a region.
fn of_tree(places: Vec<&Place>, tree: EnumerationId) -> Vec<&Expr> {
    let keys = places.into_iter().flat_map(|place| &place.keys);
    keys.filter(|key| *key.ty.required() == Type::Member(tree)).collect()
}

/// The stored fields of an event that name a region.
fn region_fields(rules: &RuleSet, event: EventId, tree: EnumerationId) -> Vec<Expr> {
    let event = rules.events.get(event.index());
    let fields = event.into_iter().flat_map(|event| event.fields.iter().enumerate());
    fields
        .filter(|(_, field)| field.ty == Type::Member(tree))
        .map(|(at, field)| Expr {
            kind: ExprKind::Field(FieldIx::next(at)),
            ty: field.ty.clone(),
            span: field.name.span,
        })
        .collect()
}
