//! The words for why an event is set aside.

use crate::diagnostics::{Language, Words};
use crate::rows::{Cell, Reason};

use super::names::{Keyed, Label, Names};
use super::unreadable::{unreadable_hint, unreadable_words};
use super::values::{account_text, file_text, keyed_label};

/// Why an event was set aside: a stable code, the sentence, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonWords {
    /// `S` and two digits.
    pub code: &'static str,
    /// What is wrong.
    pub what: Words,
    /// How to mend it.
    pub hint: Words,
}

/// The code of what has the key of another event.
pub const DUPLICATE_KEY: &str = "S03";

/// The words for a reason; `event` is the kind of the event it befell.
pub fn reason_words(reason: &Reason, event: Option<u32>, names: &Names) -> ReasonWords {
    let (code, (en, zh), (hint_en, hint_zh)) = match reason {
        Reason::Unreadable { column, value, why } => {
            let table = event.and_then(|at| get(&names.events, at));
            let kind = table
                .zip(column.as_deref())
                .and_then(|(table, column)| names.kind_at(&table.fields, column));
            return ReasonWords {
                code: "S01",
                what: unreadable_words(*why, column.as_deref(), value),
                hint: unreadable_hint(*why, value, kind),
            };
        }
        Reason::FieldMissing { field } => {
            let table = event.and_then(|at| get(&names.events, at));
            let field = table.and_then(|table| get(&table.fields, *field));
            let (en, zh) = quoted(field.map(|field| &field.name));
            ("S02", (format!("field {en} is missing"), format!("缺少字段{zh}")), fill())
        }
        Reason::DuplicateKey => (
            DUPLICATE_KEY,
            ("another event has the same key".into(), "另有事项使用了同一键值".into()),
            (
                "the first one stands; remove this one or give it a key of its own".into(),
                "以第一条为准；请删去本条，或另给键值".into(),
            ),
        ),
        Reason::SameOrder => (
            "S04",
            (
                "another event stands at the same place in the declared order".into(),
                "另有事项在声明的次序中处于同一位置".into(),
            ),
            (
                "which comes first changes the result: add a field to `order by` that tells; if both \
                 have one key, keep the one that is right"
                    .into(),
                "先后会改变结果：请在 order by 中增加能区分的字段；若两行键值相同，请只留正确的一行"
                    .into(),
            ),
        ),
        Reason::NoRow { register, key } => {
            register_words("S05", *register, key, names, RowFault::None)
        }
        Reason::ManyRows { register, key } => {
            register_words("S06", *register, key, names, RowFault::Many)
        }
        Reason::RowFieldMissing { shape, field } => {
            let shape = get(&names.shapes, *shape);
            let field = shape.and_then(|shape| get(&shape.fields, *field));
            let (row_en, row_zh) = quoted(shape.map(|shape| &shape.name));
            let (en, zh) = quoted(field.map(|field| &field.name));
            (
                "S07",
                (
                    format!("field {en} of the row of {row_en} has no value on the day"),
                    format!("{row_zh}的行中字段{zh}在当日没有值"),
                ),
                fill(),
            )
        }
        Reason::NoParameter { parameter, key, day } => {
            let cells: Vec<Cell> = key.iter().map(|member| Cell::Member(*member)).collect();
            let (en, zh) = keyed(get(&names.parameters, *parameter), &cells, names);
            ("S08", no_value("parameter", "参数", &en, &zh, day), add_period())
        }
        Reason::NoSchedule { schedule, day } => {
            let (en, zh) = quoted(get(&names.schedules, *schedule));
            ("S09", no_value("schedule", "税率表", &en, &zh, day), add_period())
        }
        Reason::NoRule { pool, amount } => {
            let (en, zh) = pool_words(*pool, names);
            (
                "S10",
                (
                    format!("no rule divides the {amount} in {en}"),
                    format!("没有规则分配{zh}中的 {amount}"),
                ),
                (
                    "`explain` shows why each rule did not apply; before and after the days that its module \
                     `covers` none does"
                        .into(),
                    "explain 会说明各条规则为何不适用；在模块 covers（适用期间）之外，其规则均不适用".into(),
                ),
            )
        }
        Reason::RulesClash { pool, first, second } => {
            let (en, zh) = pool_words(*pool, names);
            let one = quoted(get(&names.rules, *first));
            let other = quoted(get(&names.rules, *second));
            (
                "S11",
                (
                    format!("rules {} and {} both divide {en}", one.0, other.0),
                    format!("规则{}与{}都要分配{zh}", one.1, other.1),
                ),
                (
                    "say which one `overrides` the other, or narrow a `when`".into(),
                    "请写明哪条 overrides（优先于）另一条，或收窄条件".into(),
                ),
            )
        }
        Reason::NoShares => (
            "S12",
            (
                "there is nothing to share among: no rows, or weights that sum to zero".into(),
                "没有可供分摊的对象：没有行，或权重之和为零".into(),
            ),
            (
                "complete the rows, or say in the rule what happens `if none`".into(),
                "请补齐各行，或在规则中写明 if none（若无）如何处理".into(),
            ),
        ),
        other => return rarer_words(other, names),
    };
    ReasonWords { code, what: Words::new(en, zh), hint: Words::new(hint_en, hint_zh) }
}

/// The reasons that are about amounts and dates.
fn rarer_words(reason: &Reason, names: &Names) -> ReasonWords {
    let plain = |code, what: (&str, &str), hint: (&str, &str)| ReasonWords {
        code,
        what: Words::new(what.0, what.1),
        hint: Words::new(hint.0, hint.1),
    };
    match reason {
        Reason::NegativeWeight => plain(
            "S13",
            ("a weight is negative", "权重为负"),
            ("correct the row; a share below zero means nothing", "请更正该行；负的份额没有意义"),
        ),
        Reason::EmptySelection => plain(
            "S14",
            ("a least or greatest of nothing was asked for", "对空集求最小或最大值"),
            ("complete the rows", "请补齐各行"),
        ),
        Reason::NegativeLevy { levy, due } => {
            let (en, zh) = quoted(get(&names.levies, *levy));
            ReasonWords {
                code: "S15",
                what: Words::new(
                    format!("levy {en} would be {due}, and may not refund"),
                    format!("征收项{zh}应为 {due}，而它不得退还"),
                ),
                hint: Words::new(
                    "check the event; where the law refunds, write `may refund`",
                    "请核对事项；法规允许退还的，请写 may refund（可退）",
                ),
            }
        }
        Reason::BalanceBelowZero { account, key } => {
            let account = get(&names.accounts, *account);
            let text =
                account.map_or_else(String::new, |account| account_text(account, key, names));
            ReasonWords {
                code: "S16",
                what: Words::new(
                    format!("account `{text}` would fall below zero"),
                    format!("账户「{text}」余额将低于零"),
                ),
                hint: Words::new(
                    "the account `holds` money: it cannot give what it does not have",
                    "该账户有余额控制：不能付出没有的钱",
                ),
            }
        }
        Reason::TransferNotWhole { leg } => {
            let leg = get(&names.legs, *leg);
            let (en, zh) = quoted(leg.map(|leg| &leg.owner));
            ReasonWords {
                code: "S17",
                what: Words::new(
                    format!("an amount of {en} is no whole number of units"),
                    format!("{zh}的金额不是整数单位"),
                ),
                hint: Words::new("write `rounded …` in the rule", "请在规则中写明「取整」"),
            }
        }
        Reason::InflowNotWhole => plain(
            "S23",
            ("what it brings is no whole number of units", "流入金额不是整数单位"),
            ("round the field that is its inflow: `rounded …`", "请将作为流入的字段写明「取整」"),
        ),
        Reason::NothingToReverse => plain(
            "S18",
            (
                "the event it reverses did not come before, or was set aside",
                "所冲销的事项不在其前，或未被分配",
            ),
            (
                "check the key it names, and the date; what reverses an event is not reversed itself",
                "请核对所指的键值和日期；冲销本身不可再被冲销",
            ),
        ),
        Reason::ReversesTooMuch => plain(
            "S19",
            ("it reverses more than is left, or with the same sign", "冲销超过余额，或符号相同"),
            (
                "check the amount, which is not nothing, against the original and earlier refunds",
                "请与原事项及先前退库核对金额（不得为零）",
            ),
        ),
        Reason::DivisionByZero => plain(
            "S20",
            ("a division by zero", "除数为零"),
            (
                "`explain` shows the values it comes from; the data or the rule must exclude it",
                "explain 会显示由何值而来；请在数据或规则中排除",
            ),
        ),
        Reason::TooWide => plain(
            "S21",
            ("a value is beyond the supported range", "数值超出支持的范围"),
            (
                "are the amounts in the right columns? a `carry` that multiplies itself without `rounded` \
                 grows with every event; `explain` shows the values",
                "金额是否放错了列？逐笔自乘而未取整的结转会越来越长；explain 会显示各值",
            ),
        ),
        Reason::DateOutOfRange => plain(
            "S22",
            (
                "a date does not exist, or lies beyond the years 1 to 9999",
                "日期不存在，或超出公元 1 至 9999 年",
            ),
            ("check the dates of the event and of its register rows", "请核对事项及登记簿中的日期"),
        ),
        // The reasons with words of their own above never come here.
        _ => plain("S00", ("set aside", "搁置"), ("", "")),
    }
}

type Pair = (String, String);

fn fill() -> Pair {
    ("fill the field in the data".into(), "请在数据中填写该字段".into())
}

fn add_period() -> Pair {
    (
        "add the period to the rules, or check the date".into(),
        "请在规则中补充该期间，或核对日期".into(),
    )
}

fn no_value(kind_en: &str, kind_zh: &str, en: &str, zh: &str, day: &crate::base::Date) -> Pair {
    (format!("{kind_en} {en} has no value on {day}"), format!("{kind_zh}{zh}在 {day} 没有值"))
}

enum RowFault {
    None,
    Many,
}

fn register_words(
    code: &'static str,
    register: u32,
    key: &[Cell],
    names: &Names,
    fault: RowFault,
) -> (&'static str, Pair, Pair) {
    let table = get(&names.registers, register);
    let (en, zh) = quoted(table.map(|table| &table.name));
    let parts: Vec<String> = key
        .iter()
        .enumerate()
        .map(|(at, cell)| {
            let field = table.and_then(|table| table.fields.get(*table.key.get(at)?));
            field.map_or_else(
                || file_text(cell, &super::names::Kind::Text, names),
                |field| file_text(cell, &field.kind, names),
            )
        })
        .collect();
    let key = parts.join(", ");
    match fault {
        RowFault::None => (
            code,
            (format!("register {en} has no row `{key}`"), format!("登记簿{zh}中没有「{key}」")),
            (
                "add the row, or correct the key in the event".into(),
                "请补登该行，或更正事项中的键值".into(),
            ),
        ),
        RowFault::Many => (
            code,
            (
                format!("register {en} has several rows `{key}`"),
                format!("登记簿{zh}中有多行「{key}」"),
            ),
            (
                "one row a key; rows with periods must not overlap".into(),
                "一键一行；分期的行不得重叠".into(),
            ),
        ),
    }
}

fn pool_words(pool: Option<u32>, names: &Names) -> Pair {
    match pool {
        Some(pool) => {
            let (en, zh) = quoted(get(&names.pools, pool));
            (format!("pool {en}"), format!("待分{zh}"))
        }
        None => ("the inflow".into(), "流入".into()),
    }
}

fn keyed(thing: Option<&Keyed>, key: &[Cell], names: &Names) -> Pair {
    let text = |language| {
        thing.map_or_else(String::new, |thing| {
            keyed_label(&Label::plain(&thing.name.text), &thing.keys, key, names, language)
        })
    };
    let (en, zh) = (text(Language::English), text(Language::Chinese));
    (format!("`{en}`"), format!("「{zh}」"))
}

/// A name in backticks, and name or label in corner brackets.
fn quoted(label: Option<&Label>) -> Pair {
    let text = |language| label.map_or("", |label| label.in_language(language));
    let en = label.map_or("", |label| label.text.as_str());
    (format!("`{en}`"), format!("「{}」", text(Language::Chinese)))
}

fn get<T>(list: &[T], at: u32) -> Option<&T> {
    usize::try_from(at).ok().and_then(|at| list.get(at))
}
