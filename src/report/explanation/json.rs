//! The story of an event for a program: names as rules and files write them, amounts as decimal
//! strings, ratios that do not end as `a/b`.

use serde_json::{Map, Value as Json, json};

use crate::base::{Exact, keyed};
use crate::report::names::{Keyed, Kind, Label, Table};
use crate::report::reasons::reason_words;
use crate::report::values::{account_text, file_text, json as cell_json};
use crate::rows::{
    Allocation, BoundKind, BoundStory, Cell, Destination, Division, Explanation, HeadStep,
    LegStory, Operation, Origin, Reckoning, ReversalStory, SettlementStory, SettlementWay, Term,
    TransferStory, Tried, Verdict,
};

use super::leaves::Leaves;
use super::told::event_key;
use super::{Ground, Head, Owner, Phrase, Telling, get, since};

/// The story as one JSON object.
pub fn explanation_json(story: &Explanation, telling: Telling<'_>) -> Json {
    let table = get(&telling.names.events, story.event);
    let scale = table.map_or(2, |event| event.currency.scale);
    let writer = Writer { telling, story, scale };
    let mut fields = Map::new();
    for (field, cell) in table.iter().flat_map(|table| &table.fields).zip(&story.fields) {
        if *cell != Cell::Missing {
            fields.insert(field.name.text.clone(), cell_json(cell, &field.kind, telling.names));
        }
    }
    let mut out = json!({
        "event": table.map(|table| table.name.text.as_str()),
        "key": table.map(|table| event_key(table, story, telling)),
        "source": writer.origin(story.origin),
        "date": story.is_dated().then(|| story.date.to_string()),
        "booked": story.is_dated().then(|| story.booked.to_string()),
        "currency": table.map(|table| table.currency.code.as_str()),
        "inflow": story.inflow.map(|inflow| inflow.format(scale)),
        "fields": fields,
    });
    if let Some(object) = out.as_object_mut() {
        writer.parts(object);
    }
    out
}

struct Writer<'t> {
    telling: Telling<'t>,
    story: &'t Explanation,
    scale: u8,
}

impl<'t> Writer<'t> {
    fn parts(&self, out: &mut Map<String, Json>) {
        let (story, names) = (self.story, self.telling.names);
        if let Some(reason) = &story.aside {
            let words = reason_words(reason, Some(story.event), names);
            let (reason, hint) = (words.what, words.hint);
            let language = self.telling.language;
            let aside = json!({
                "code": words.code,
                "reason": reason.in_language(language),
                "hint": hint.in_language(language),
            });
            out.insert("set_aside".into(), aside);
        }
        let mut add = |name: &str, value: Vec<Json>| {
            out.insert(name.to_owned(), Json::Array(value));
        };
        let result = story.result.iter().map(|(to, amount)| {
            json!({ "account": self.destination(to), "amount": amount.format(self.scale) })
        });
        add("result", result.collect());
        add("levies", story.levies.iter().map(|it| self.levy(it)).collect());
        add("transfers", story.transfers.iter().map(|it| self.transfers(it)).collect());
        add("reversal", story.reversal.iter().map(|it| self.reversal(it)).collect());
        add("divisions", story.divisions.iter().map(|it| self.division(it)).collect());
        add("settlements", story.settlements.iter().map(|it| self.settlement(it)).collect());
        add("totals", self.totals());
        add("carries", self.carries());
        add("figures", self.figures());
        add("parameters", self.parameters());
        add("schedules", self.schedules());
        add("register_rows", self.register_rows());
        add("readings", self.readings());
    }

    fn reversal(&self, undone: &ReversalStory) -> Json {
        json!({
            "source": self.origin(undone.origin),
            "date": undone.date.to_string(),
            "inflow": undone.inflow.format(self.scale),
            "taken_back_before": undone.before.format(self.scale),
            "legs": undone.legs.iter().map(|leg| self.leg(leg)).collect::<Vec<_>>(),
        })
    }

    fn division(&self, division: &Division) -> Json {
        let arrivals = division.arrivals.iter().map(|arrival| {
            json!({ "leg": self.leg_place(arrival.leg), "amount": self.amount(&arrival.amount) })
        });
        json!({
            "pool": division.pool.map(|pool| name_of(get(&self.telling.names.pools, pool))),
            "row": self.row(division.pool.and_then(|pool| self.telling.grounds.pool_rows.get(&pool)), &division.row),
            "amount": self.amount(&division.content),
            "arrivals": arrivals.collect::<Vec<_>>(),
            "rules": division.tried.iter().map(|it| self.tried(it)).collect::<Vec<_>>(),
            "legs": division.legs.iter().map(|it| self.leg(it)).collect::<Vec<_>>(),
        })
    }

    fn tried(&self, tried: &Tried) -> Json {
        let (verdict, by) = self.verdict(tried.verdict);
        let mut out = json!({
            "rule": name_of(get(&self.telling.names.rules, tried.rule)),
            "verdict": verdict,
            "head": self.head(Owner::Rule(tried.rule), &tried.head),
        });
        if let Some(by) = by {
            put(&mut out, "by", json!(by));
        }
        ground(&mut out, get(&self.telling.grounds.rules, tried.rule));
        out
    }

    fn verdict(&self, verdict: Verdict) -> (&'static str, Option<&'t str>) {
        match verdict {
            Verdict::Applies => ("applies", None),
            Verdict::OutOfPeriod => ("not in force", None),
            Verdict::Failed => ("condition fails", None),
            Verdict::Unknown => ("cannot be worked out", None),
            Verdict::Overridden { by } => {
                ("overridden", Some(name_of(get(&self.telling.names.rules, by))))
            }
        }
    }

    fn head(&self, owner: Owner, steps: &[HeadStep]) -> Vec<Json> {
        let head = self.head_of(owner);
        let step = |(at, step): (usize, &HeadStep)| {
            let (value, reckoning) = match step {
                HeadStep::When(it) => (cell_json(&it.value, &Kind::Bool, self.telling.names), it),
                HeadStep::With(slot, it) | HeadStep::Let(slot, it) => {
                    let kind = head.and_then(|head| get(&head.locals, *slot)).map(|(_, kind)| kind);
                    let kind = kind.unwrap_or(&Kind::Text);
                    (cell_json(&it.value, kind, self.telling.names), it)
                }
            };
            let phrase = head.and_then(|head| head.steps.get(at));
            json!({
                "text": phrase.map(|phrase| &phrase.text),
                "value": value,
                "conditions": phrase.map(|phrase| self.conditions(phrase, reckoning)),
                "values": self.values(reckoning, head),
            })
        };
        steps.iter().enumerate().map(step).collect()
    }

    /// The conditions a condition is made of, up to the one that decides, each with whether it holds.
    fn conditions(&self, phrase: &Phrase, reckoning: &Reckoning) -> Vec<Json> {
        if phrase.parts.len() != reckoning.parts.len() {
            return Vec::new();
        }
        let decides = reckoning.term == Term::Operation(Operation::Or);
        let mut told = Vec::new();
        for (phrase, part) in phrase.parts.iter().zip(&reckoning.parts) {
            told.push(json!({
                "text": phrase.text,
                "value": cell_json(&part.value, &Kind::Bool, self.telling.names),
                "conditions": self.conditions(phrase, part),
            }));
            // What comes after the one that decides was not asked.
            if part.value == Cell::Bool(decides) {
                break;
            }
        }
        told
    }

    fn levy(&self, levy: &crate::rows::LevyStory) -> Json {
        let owner = Owner::Levy(levy.levy);
        let due = levy.due.as_ref();
        let mut out = json!({
            "levy": name_of(get(&self.telling.names.levies, levy.levy)),
            "verdict": self.verdict(levy.verdict).0,
            "head": self.head(owner, &levy.head),
            "due": due.map(|due| self.money(due)),
            "values": due.map(|due| self.values(due, self.head_of(owner))),
            "leg": levy.leg.as_ref().map(|leg| self.leg(leg)),
        });
        ground(&mut out, get(&self.telling.grounds.levies, levy.levy));
        out
    }

    fn transfers(&self, story: &TransferStory) -> Json {
        let mut out = self.tried(&story.tried);
        let head = self.head_of(Owner::Rule(story.tried.rule));
        let balance = |(of, held): &(Destination, Exact)| json!({ "account": self.destination(of), "before": self.amount(held) });
        let made = story.made.iter().map(|made| {
            json!({
                "leg": self.leg_place(made.leg),
                "row": self.row(self.telling.grounds.rows.get(&made.leg), &made.row),
                "amount": made.amount.as_ref().map(|amount| self.money(amount)),
                "values": made.amount.as_ref().map(|amount| self.values(amount, head)),
                "balances": made.balances.iter().map(balance).collect::<Vec<_>>(),
                "legs": made.legs.iter().map(|it| self.leg(it)).collect::<Vec<_>>(),
            })
        });
        put(&mut out, "made", made.collect());
        out
    }

    fn leg(&self, leg: &LegStory) -> Json {
        let owner = usize::try_from(leg.leg)
            .ok()
            .and_then(|at| self.telling.grounds.owners.get(at).copied());
        let head = owner.and_then(|owner| self.head_of(owner));
        let bound = |bound: &BoundStory| {
            json!({
                "kind": match bound.kind {
                    BoundKind::UpTo => "up to",
                    BoundKind::UpToInTotal => "up to in total",
                    BoundKind::AtLeast => "at least",
                    BoundKind::GivesBack => "gives back at most",
                },
                "limit": self.amount(&bound.limit),
                "values": self.values(&bound.bound, head),
                "total": bound.total.as_ref().map(|total| json!({
                    "of": self.keyed(&self.telling.names.tallies, total.tally, &total.key),
                    "before": self.amount(&total.before),
                    "now": self.amount(&total.now),
                })),
                "closed": bound.shut,
                "before": self.amount(&bound.before),
                "after": self.amount(&bound.after),
            })
        };
        let mut out = json!({
            "leg": self.leg_place(leg.leg),
            "row": self.row(self.telling.grounds.rows.get(&leg.leg), &leg.row),
            "values": leg.portion.as_ref().map(|portion| self.values(portion, head)),
            "share": self.amount(&leg.share),
            "bounds": leg.bounds.iter().map(bound).collect::<Vec<_>>(),
            "exact": self.amount(&leg.amount),
            "settled": self.amount(&leg.settled),
            "to": self.destination(&leg.to),
            "adds_to": leg.feed.as_ref().map(|(tally, key)| {
                self.keyed(&self.telling.names.tallies, *tally, key)
            }),
            "legs": leg.legs.iter().map(|it| self.leg(it)).collect::<Vec<_>>(),
        });
        ground(&mut out, get(&self.telling.grounds.legs, leg.leg));
        out
    }

    fn settlement(&self, settlement: &SettlementStory) -> Json {
        let leaves = settlement.leaves.iter().map(|leaf| {
            json!({
                "leg": self.leg_place(leaf.leg),
                "to": self.destination(&leaf.to),
                "exact": self.amount(&leaf.share),
                "settled": leaf.settled.format(self.scale),
            })
        });
        json!({
            "division": settlement.division,
            "way": match settlement.way {
                SettlementWay::LargestRemainder => "largest remainder",
                SettlementWay::InOrder => "in order",
                SettlementWay::RemainderTo => "remainder to",
                SettlementWay::KeptApart => "kept apart",
                SettlementWay::Carried => "carried",
            },
            "leaves": leaves.collect::<Vec<_>>(),
        })
    }

    fn totals(&self) -> Vec<Json> {
        let told = self.story.totals.iter().map(|change| {
            json!({
                "of": self.keyed(&self.telling.names.tallies, change.tally, &change.key),
                "leg": change.leg.map(|leg| self.leg_place(leg)),
                "amount": self.amount(&change.amount),
                "before": change.totals.as_ref().map(|(before, _)| self.amount(before)),
                "after": change.totals.as_ref().map(|(_, after)| self.amount(after)),
            })
        });
        let shut = self.story.latches.iter().map(
            |shut| json!({ "closed": self.leg_place(shut.leg), "key": self.row(None, &shut.key) }),
        );
        told.chain(shut).collect()
    }

    fn carries(&self) -> Vec<Json> {
        let carries = &self.telling.names.carries;
        let told = self.story.carries.iter().map(|change| {
            let kind = get(carries, change.carry).map_or(&Kind::Number, |carry| &carry.value);
            json!({
                "of": self.keyed(carries, change.carry, &change.key),
                "value": cell_json(&change.value, kind, self.telling.names),
            })
        });
        told.collect()
    }

    fn figures(&self) -> Vec<Json> {
        let told = self.story.figures.iter().filter_map(|story| {
            let figure = get(&self.telling.names.figures, story.figure)?;
            let head = self.head_of(Owner::Figure(story.figure));
            let mut out = json!({
                "figure": figure.name.text,
                "row": self.row(figure.row.as_ref(), &story.key),
                "value": cell_json(&story.value.value, &figure.kind, self.telling.names),
                "values": self.values(&story.value, head),
            });
            ground(&mut out, get(&self.telling.grounds.figures, story.figure));
            Some(out)
        });
        told.collect()
    }

    fn parameters(&self) -> Vec<Json> {
        let names = self.telling.names;
        let told = self.story.parameters.iter().filter_map(|used| {
            let parameter = get(&names.parameters, used.parameter)?;
            let key: Vec<Cell> = used.key.iter().map(|member| Cell::Member(*member)).collect();
            let mut out = json!({
                "parameter": account_text(parameter, &key, names),
                "day": used.day.to_string(),
                "since": used.from.map(|from| from.to_string()),
                "value": cell_json(&used.value, &parameter.value, names),
            });
            let grounds = get(&self.telling.grounds.parameters, used.parameter)?;
            ground(&mut out, since(grounds, &used.key, used.from));
            Some(out)
        });
        told.collect()
    }

    fn schedules(&self) -> Vec<Json> {
        let told = self.story.schedules.iter().filter_map(|used| {
            let mut out = json!({
                "schedule": name_of(get(&self.telling.names.schedules, used.schedule)),
                "day": used.day.to_string(),
                "since": used.from.map(|from| from.to_string()),
                "amount": self.amount(&used.amount),
                "rate": used.rate.to_string(),
                "quick_deduction": self.amount(&used.quick),
            });
            let grounds = get(&self.telling.grounds.schedules, used.schedule)?;
            ground(&mut out, since(grounds, &[], used.from));
            Some(out)
        });
        told.collect()
    }

    fn register_rows(&self) -> Vec<Json> {
        let told = self.story.rows.iter().map(|used| {
            let register = get(&self.telling.names.registers, used.register);
            json!({
                "register": name_of(register.map(|register| &register.name)),
                "key": self.key(register, &used.key),
                "source": self.origin(used.origin),
            })
        });
        told.collect()
    }

    fn readings(&self) -> Vec<Json> {
        let told = self.story.readings.iter().filter_map(|(reading, option)| {
            let (label, options) = get(&self.telling.names.readings, *reading)?;
            let point = get(&self.telling.grounds.readings, *reading)?;
            let name = |option| options.get(option).map(|label| label.text.as_str());
            Some(json!({
                "reading": label.text,
                "option": name(*option),
                "default": name(point.default),
                "clause": point.clause,
                "because": point.because,
            }))
        });
        told.collect()
    }

    fn values(&self, reckoning: &Reckoning, head: Option<&'t Head>) -> Json {
        let leaves = Leaves::new(self.telling, self.story.event, head).plain().of(reckoning);
        leaves.into_iter().map(|leaf| (leaf.name, Json::String(leaf.value))).collect()
    }

    /// A value in money, or the reason why there is none.
    fn money(&self, reckoning: &Reckoning) -> Json {
        match (&reckoning.value, &reckoning.fault) {
            (_, Some(reason)) => {
                let words = reason_words(reason, Some(self.story.event), self.telling.names);
                json!({ "code": words.code })
            }
            (Cell::Number(value), None) => json!(self.amount(value)),
            (cell, None) => cell_json(cell, &Kind::Money(self.scale), self.telling.names),
        }
    }

    fn head_of(&self, owner: Owner) -> Option<&'t Head> {
        self.telling.grounds.heads.get(&(owner, self.story.event))
    }

    fn destination(&self, to: &Destination) -> Option<String> {
        let names = self.telling.names;
        match to {
            Destination::Account(account, key) => {
                get(&names.accounts, *account).map(|account| account_text(account, key, names))
            }
            Destination::Pool(pool, row) => {
                let name = name_of(get(&names.pools, *pool));
                let row = self.row(self.telling.grounds.pool_rows.get(pool), row);
                Some(keyed(name, &row, ","))
            }
            Destination::Undetermined => Some("undetermined".to_owned()),
            Destination::Nothing | Destination::Legs => None,
        }
    }

    fn keyed(&self, list: &[Keyed], at: u32, key: &[Cell]) -> String {
        get(list, at).map_or_else(String::new, |keyed| account_text(keyed, key, self.telling.names))
    }

    fn row(&self, kind: Option<&Kind>, row: &[Cell]) -> Vec<String> {
        self.telling.row_parts(kind, row, true)
    }

    fn key(&self, register: Option<&Table>, key: &[Cell]) -> Vec<String> {
        let fields =
            register.into_iter().flat_map(|it| it.key.iter().filter_map(|at| it.fields.get(*at)));
        key.iter()
            .zip(fields)
            .map(|(cell, field)| file_text(cell, &field.kind, self.telling.names))
            .collect()
    }

    fn amount(&self, amount: &Exact) -> String {
        amount.to_decimal_string(self.scale).unwrap_or_else(|| amount.to_string())
    }

    fn origin(&self, origin: Origin) -> Option<Json> {
        let (name, _) = self.telling.grounds.files.get(&origin.file)?;
        Some(json!({ "file": name, "line": origin.line }))
    }

    fn leg_place(&self, leg: u32) -> String {
        match leg {
            Allocation::BY_SETTLEMENT => "settlement".to_owned(),
            Allocation::BY_CLOSING => "closing".to_owned(),
            Allocation::BY_RULING => "ruling".to_owned(),
            leg => get(&self.telling.names.legs, leg)
                .map_or_else(String::new, |leg| format!("{} {}", leg.owner.text, leg.place)),
        }
    }
}

fn name_of(label: Option<&Label>) -> &str {
    label.map_or("", |label| &label.text)
}

/// Adds what an entry rests on.
fn ground(out: &mut Json, ground: Option<&Ground>) {
    let Some(ground) = ground else { return };
    for (name, text) in
        [("clause", &ground.clause), ("place", &ground.place), ("text", &ground.text)]
    {
        if !text.is_empty() {
            put(out, name, json!(text));
        }
    }
    if ground.unverified {
        put(out, "unverified", json!(true));
    }
}

fn put(out: &mut Json, name: &str, value: Json) {
    if let Some(object) = out.as_object_mut() {
        object.insert(name.to_owned(), value);
    }
}
