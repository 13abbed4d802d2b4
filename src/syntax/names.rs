//! What a person calls the rules of the grammar.
//!
//! The match below has no `_`: a new rule of the grammar without a name does not compile. Words of
//! the language are said in the tongue of the text they are asked for in, whatever tongue the message
//! is in.

use crate::diagnostics::{Language, Words};

use super::grammar::Rule;
use super::keywords::keyword;

/// What stands for a rule of the grammar in a message.
///
/// The less the rank, the earlier it is said: what must come (0), words and signs that may (1), details
/// (2), and what may follow nearly anything (3). The last two are left unsaid where something else
/// could stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// Never said.
    Silent,
    /// A word of the language, which has the rule's name.
    Word { rank: u8 },
    /// Something said, in English and Chinese, where `{name}` stands for a word of the language.
    Said { rank: u8, en: &'static str, zh: &'static str },
}

impl Expected {
    pub(super) fn rank(self) -> u8 {
        match self {
            Expected::Word { rank } | Expected::Said { rank, .. } => rank,
            Expected::Silent => u8::MAX,
        }
    }
}

const fn thing(en: &'static str, zh: &'static str) -> Expected {
    Expected::Said { rank: 0, en, zh }
}

const fn sign(en: &'static str, zh: &'static str) -> Expected {
    Expected::Said { rank: 1, en, zh }
}

const fn detail(en: &'static str, zh: &'static str) -> Expected {
    Expected::Said { rank: 2, en, zh }
}

const fn operator(en: &'static str, zh: &'static str) -> Expected {
    Expected::Said { rank: 3, en, zh }
}

/// The name of a rule for users, its words in the tongue of their text.
pub(super) fn spoken(kind: Rule, tongue: Language) -> Option<Words> {
    match expected(kind) {
        Expected::Silent => None,
        Expected::Word { .. } => {
            let name = format!("{kind:?}");
            let word = keyword(name.strip_prefix("k_")?)?.spelling(tongue);
            Some(Words::new(format!("`{word}`"), format!("「{word}」")))
        }
        Expected::Said { en, zh, .. } => Some(Words::new(filled(en, tongue), filled(zh, tongue))),
    }
}

/// A template with its words put in; `{{` and `}}` are braces.
fn filled(template: &str, tongue: Language) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once(['{', '}']) {
        text.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix(['{', '}']) {
            text.push(if template.contains("{{") { '{' } else { '}' });
            rest = after;
        } else if let Some((name, after)) = rest.split_once('}') {
            text.push_str(keyword(name).map_or(name, |keyword| keyword.spelling(tongue)));
            rest = after;
        }
    }
    text.push_str(rest);
    text
}

/// The name of a rule.
#[rustfmt::skip] // A table, read by column.
pub(super) fn expected(kind: Rule) -> Expected {
    match kind {
        Rule::semi => sign("`;`", "「;」"),
        Rule::comma => operator("`,`", "「,」"),
        Rule::colon => thing("`:`", "「:」"),
        Rule::lbrace => thing("`{{`", "「{{」"),
        Rule::rbrace => thing("`}}`", "「}}」"),
        Rule::lparen => operator("`(`", "「(」"),
        Rule::rparen => thing("`)`", "「)」"),
        Rule::lbracket => operator("`[`", "「[」"),
        Rule::rbracket => thing("`]`", "「]」"),
        Rule::dot | Rule::question | Rule::percent | Rule::permille | Rule::rounding |
            Rule::logic_word | Rule::compare | Rule::membership | Rule::binding |
            Rule::range_open | Rule::range_closed | Rule::plus | Rule::minus | Rule::star |
            Rule::slash | Rule::index | Rule::access | Rule::arguments => operator("an operator", "运算符"),
        Rule::equals => sign("`=`", "「=」"),
        Rule::word | Rule::level_of | Rule::type_name | Rule::name => thing("a name", "名称"),
        Rule::number | Rule::literal => thing("a number", "数"),
        Rule::date_literal => thing("a date such as `2015-06-03`", "日期（例如「2015-06-03」）"),
        Rule::month_literal | Rule::quarter_literal => thing("a period such as `2024-03`", "期间（例如「2024-03」）"),
        Rule::text => thing("a text in quotation marks", "引号内的文字"),
        Rule::declaration | Rule::single => thing("a declaration such as `{rule}`", "声明（例如「{rule}」）"),
        Rule::module => thing("`{module}`", "「{module}」"),
        Rule::path => thing("the name of a module", "模块名"),
        Rule::authority => thing("`{authority}`", "「{authority}」"),
        Rule::level => thing("a level such as `{national}`", "级别（例如「{national}」）"),
        Rule::agreement_bare | Rule::k_agreement_bare => thing("`{agreement}`", "「{agreement}」"),
        Rule::use_modules => thing("`{use}`", "「{use}」"),
        Rule::covers => thing("`{covers}`", "「{covers}」"),
        Rule::currency => thing("`{currency}`", "「{currency}」"),
        Rule::settlement => thing("`{settlement}`", "「{settlement}」"),
        Rule::settlement_kind => thing("a way to settle such as `{largest_remainder}`", "尾差的处理方法（例如「{largest_remainder}」）"),
        Rule::law => thing("`{law}`", "「{law}」"),
        Rule::label | Rule::language => detail("a label", "标签"),
        Rule::cite | Rule::cite_place | Rule::unverified | Rule::marked => detail("a citation", "法规依据"),
        Rule::cite_unit => thing("a place in the law such as `{article}`", "法规的条款（例如「{article}」）"),
        Rule::cite_number => thing("the number of the article", "条款的序号"),
        Rule::regions => thing("`{regions}`", "「{regions}」"),
        Rule::taxes => thing("`{taxes}`", "「{taxes}」"),
        Rule::enumeration => thing("`{enumeration}`", "「{enumeration}」"),
        Rule::members => thing("the members in braces", "大括号内的成员"),
        Rule::member | Rule::member_keys | Rule::member_key => thing("the name of a member", "成员名"),
        Rule::code_of => detail("`{code}` and a text", "「{code}」与文字"),
        Rule::account => thing("`{account}`", "「{account}」"),
        Rule::holds => detail("`{holds}`", "「{holds}」"),
        Rule::family => detail("the type of the key in brackets", "方括号内的键类型"),
        Rule::pool => thing("`{pool}`", "「{pool}」"),
        Rule::event => thing("`{event}`", "「{event}」"),
        Rule::event_entry | Rule::field | Rule::record_entry | Rule::register_entry => thing("a field such as `amount : {money}`", "字段（例如「amount : {money}」）"),
        Rule::event_order => thing("`{order_by}` and fields", "「{order_by}」与字段"),
        Rule::field_role => detail("a role such as `{unique}`", "用途（例如「{unique}」）"),
        Rule::let_field => thing("`{let}` and a computed field", "「{let}」与计算字段"),
        Rule::type_ref | Rule::type_core | Rule::type_item => thing("a type such as `{money}`", "类型（例如「{money}」）"),
        Rule::currency_name => detail("a currency such as `CNY`", "币种（例如「CNY」）"),
        Rule::record_type => thing("the fields in braces", "大括号内的字段"),
        Rule::register => thing("`{register}`", "「{register}」"),
        Rule::dated => thing("`{dated}` and fields", "「{dated}」与字段"),
        Rule::parameter => thing("`{parameter}`", "「{parameter}」"),
        Rule::version | Rule::period | Rule::schedule_version => thing("`{from}` and a date", "「{from}」与日期"),
        Rule::version_values | Rule::version_value => thing("a value", "取值"),
        Rule::schedule => thing("`{schedule}`", "「{schedule}」"),
        Rule::bracket => thing("`{up_to}` and a rate", "「{up_to}」与税率"),
        Rule::reading => thing("`{reading}`", "「{reading}」"),
        Rule::option => thing("the name of an option", "选项名"),
        Rule::tally => thing("`{tally}`", "「{tally}」"),
        Rule::adds | Rule::becomes => thing("`{on}` and an event", "「{on}」与事项"),
        Rule::carry => thing("`{carry}`", "「{carry}」"),
        Rule::keys | Rule::key | Rule::total_key => thing("a key", "键"),
        Rule::condition_clause => thing("`{when}` and a condition", "「{when}」与条件"),
        Rule::rule => thing("`{rule}`", "「{rule}」"),
        Rule::rule_clause => thing("a clause such as `{when}`", "子句（例如「{when}」）"),
        Rule::overrides => thing("`{overrides}` and a rule", "「{overrides}」与规则"),
        Rule::of_events => thing("`{of}` and an event", "「{of}」与事项"),
        Rule::with_clause => thing("`{with}` and a row", "「{with}」与一行"),
        Rule::let_clause => thing("`{let}` and a name", "「{let}」与名称"),
        Rule::rule_body => thing("`{split}` and legs", "「{split}」与分项"),
        Rule::transfers | Rule::transfer => thing("`{transfer}` and an amount", "「{transfer}」与金额"),
        Rule::split => thing("`{split}` and a pool", "「{split}」与待分"),
        Rule::settled => detail("`{settled}`", "「{settled}」"),
        Rule::split_body | Rule::leg_target_only | Rule::legs | Rule::leg | Rule::portion => thing("a leg such as `50% {to} central`", "分项（例如「50% {to} central」）"),
        Rule::after_portion | Rule::target => thing("`{to}` and an account, or a block of legs", "「{to}」与账户，或一组分项"),
        Rule::bound => detail("a bound such as `{up_to}`", "限额（例如「{up_to}」）"),
        Rule::spread => detail("`{among}` and a group", "「{among}」与一组"),
        Rule::by_shares => thing("`{by_shares}` and weights", "「{by_shares}」与权重"),
        Rule::factor => thing("a weight and a value such as `35% revenue`", "权重与数值（例如「35% revenue」）"),
        Rule::undetermined => detail("`{undetermined}`", "「{undetermined}」"),
        Rule::place | Rule::place_name => thing("an account or a pool", "账户或待分"),
        Rule::place_keys => detail("the key of an account in brackets", "方括号内的账户键"),
        Rule::block => thing("legs in braces", "大括号内的分项"),
        Rule::in_order => thing("`{in_order}` and legs in braces", "「{in_order}」与大括号内的分项"),
        Rule::graded => thing("`{graded}` and slices in braces", "「{graded}」与大括号内的各级"),
        Rule::slice => thing("`{up_to}` and a target", "「{up_to}」与去向"),
        Rule::if_none => detail("`{if_none}` and a target", "「{if_none}」与去向"),
        Rule::as_tally => detail("`{as}` and a tally", "「{as}」与台账"),
        Rule::levy => thing("`{levy}`", "「{levy}」"),
        Rule::calendar => thing("`{calendar}`", "「{calendar}」"),
        Rule::period_kind => thing("a period such as `{month}`", "期间（例如「{month}」）"),
        Rule::stage => thing("`{stage}`", "「{stage}」"),
        Rule::figure => thing("`{figure}`", "「{figure}」"),
        Rule::delegates => thing("`{delegates}`", "「{delegates}」"),
        Rule::example => thing("`{example}`", "「{example}」"),
        Rule::example_setting => detail("a setting such as `{on}` and a date", "设定（例如「{on}」与日期）"),
        Rule::example_entry | Rule::given | Rule::expected | Rule::checked => thing("a line such as `{given}`", "条目（例如「{given}」）"),
        Rule::given_key | Rule::given_value | Rule::given_list | Rule::expr | Rule::choice
            | Rule::logic | Rule::negation | Rule::comparison | Rule::additive |
            Rule::multiplicative | Rule::unary | Rule::defaulted
        | Rule::other
        | Rule::ratio | Rule::parens | Rule::length
            | Rule::all_of | Rule::any_of | Rule::total | Rule::aggregate | Rule::closed |
            Rule::balance | Rule::share | Rule::list => thing("a value", "值"),
        Rule::record => thing("fields in braces", "大括号内的字段"),
        Rule::record_field | Rule::dated_record => thing("a field and its value", "字段及其值"),
        Rule::outcome => thing("an account and an amount", "账户与金额"),
        Rule::scenario => thing("`{scenario}`", "「{scenario}」"),
        Rule::amendment | Rule::amend_rule | Rule::amend_parameter | Rule::amend_schedule
            | Rule::amend_reading | Rule::removal | Rule::addition => thing("an amendment such as `{rule}`", "修订（例如「{rule}」）"),
        Rule::amend_leg => thing("`{leg}` and its number", "「{leg}」与序号"),
        Rule::leg_number => thing("the number of a leg", "分项的序号"),
        Rule::mode => thing("a way to round such as `{half_up}`", "取整方法（例如「{half_up}」）"),
        Rule::range => thing("a range such as `a .. b`", "区间（例如「a .. b」）"),
        Rule::set => thing("members in braces", "大括号内的成员"),
        Rule::unit => operator("a unit such as `{years}`", "单位（例如「{years}」）"),
        Rule::aggregate_name => thing("`{sum}`", "「{sum}」"),
        Rule::selection => thing("a group of rows", "一组行"),
        Rule::WHITESPACE | Rule::COMMENT | Rule::eol | Rule::n | Rule::blank | Rule::gap |
            Rule::sep | Rule::name_start | Rule::name_char | Rule::digit | Rule::point |
            Rule::latin | Rule::date_sign | Rule::escape | Rule::program | Rule::item |
            Rule::item_end | Rule::lines_over | Rule::empty_line | Rule::junk |
            Rule::item_word | Rule::not_a_leg | Rule::keyed | Rule::value_start | Rule::infix |
            Rule::set_comma | Rule::special | Rule::reserved | Rule::dated_value | Rule::chain
            | Rule::primary | Rule::alone | Rule::alone_end
            | Rule::reserved_start | Rule::opening | Rule::period_start => Expected::Silent,
        Rule::EOI => detail("the end of the declaration", "声明结束"),
        // What may follow nearly anything.
        Rule::k_among | Rule::k_as | Rule::k_otherwise | Rule::k_rounded | Rule::k_at |
            Rule::k_for | Rule::k_with_this | Rule::k_as_of | Rule::k_in | Rule::k_not |
            Rule::k_code | Rule::k_holds | Rule::k_unverified | Rule::k_in_total |
            Rule::k_many | Rule::k_issued | Rule::k_because | Rule::k_closed_once_reached |
            Rule::k_and | Rule::k_or | Rule::k_where => Expected::Word { rank: 3 },
        Rule::k_per => Expected::Word { rank: 2 },
        Rule::k_module | Rule::k_authority | Rule::k_national | Rule::k_province |
            Rule::k_city | Rule::k_agreement | Rule::k_use | Rule::k_covers |
            Rule::k_settlement | Rule::k_largest_remainder | Rule::k_in_order |
            Rule::k_remainder_to | Rule::k_kept_apart_in | Rule::k_carried_per |
            Rule::k_currency | Rule::k_scale | Rule::k_law | Rule::k_article | Rule::k_section
            | Rule::k_item | Rule::k_part | Rule::k_table | Rule::k_annex | Rule::k_regions |
            Rule::k_taxes | Rule::k_enumeration | Rule::k_account | Rule::k_pool |
            Rule::k_event | Rule::k_unique | Rule::k_effective | Rule::k_inflow |
            Rule::k_reverses | Rule::k_order_by | Rule::k_list_of | Rule::k_let |
            Rule::k_register | Rule::k_by | Rule::k_dated | Rule::k_parameter | Rule::k_from |
            Rule::k_until | Rule::k_others | Rule::k_schedule | Rule::k_up_to | Rule::k_above
            | Rule::k_reading | Rule::k_default | Rule::k_tally | Rule::k_on | Rule::k_adds |
            Rule::k_carry | Rule::k_starts | Rule::k_becomes | Rule::k_rule |
            Rule::k_overrides | Rule::k_of | Rule::k_with | Rule::k_when | Rule::k_split |
            Rule::k_settled | Rule::k_all | Rule::k_rest | Rule::k_to | Rule::k_at_least |
            Rule::k_by_shares | Rule::k_if_none | Rule::k_undetermined | Rule::k_graded |
            Rule::k_for_each | Rule::k_levy | Rule::k_due | Rule::k_may_refund | Rule::k_into
            | Rule::k_transfer | Rule::k_then | Rule::k_calendar | Rule::k_at_end_of |
            Rule::k_stage | Rule::k_closes | Rule::k_booked | Rule::k_figure |
            Rule::k_delegates | Rule::k_example | Rule::k_given | Rule::k_check |
            Rule::k_nothing | Rule::k_set_aside | Rule::k_scenario | Rule::k_amends |
            Rule::k_leg | Rule::k_remove | Rule::k_all_of | Rule::k_any_of | Rule::k_if |
            Rule::k_else | Rule::k_true | Rule::k_false | Rule::k_half_up | Rule::k_half_down
            | Rule::k_half_even | Rule::k_half_odd | Rule::k_half_ceiling | Rule::k_half_floor
            | Rule::k_down | Rule::k_up | Rule::k_ceiling | Rule::k_floor | Rule::k_total |
            Rule::k_share | Rule::k_closed | Rule::k_balance | Rule::k_money | Rule::k_rate |
            Rule::k_number | Rule::k_integer | Rule::k_date | Rule::k_month | Rule::k_quarter
            | Rule::k_year | Rule::k_duration | Rule::k_bool | Rule::k_text | Rule::k_years |
            Rule::k_quarters | Rule::k_months | Rule::k_days | Rule::k_sum | Rule::k_count |
            Rule::k_min | Rule::k_max => Expected::Word { rank: 1 },
    }
}
