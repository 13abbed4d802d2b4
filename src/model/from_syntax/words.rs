//! Codes of what resolving finds, and the names of kinds in both languages.

use crate::diagnostics::{Code, Words};

use super::names::Kind;
use crate::model::Type;

macro_rules! codes {
    ($($name:ident $code:literal $en:literal $zh:literal;)*) => {
        $(pub(super) const $name: Code = Code($code);)*

        /// Every code of this floor with its title in English and Chinese.
        pub const CODES: &[(&str, &str, &str)] = &[$(($code, $en, $zh)),*];
    };
}

codes! {
    UNKNOWN_NAME "F0201" "unknown name" "未知名称";
    DECLARED_TWICE "F0202" "declared twice" "重复声明";
    NO_MODULE "F0203" "a declaration before `module`" "「模块」之前的声明";
    UNKNOWN_MODULE "F0204" "unknown module" "未知模块";
    MODULE_CYCLE "F0205" "modules that use each other" "模块循环引用";
    NO_AUTHORITY "F0206" "a module without authority" "模块未写权限";
    WRONG_TYPE "F0207" "a value of the wrong type" "值的类型不符";
    UNITS "F0208" "units that do not go together" "单位不相容";
    MAY_BE_MISSING "F0209" "a value that may be missing" "可能缺失的值";
    WRONG_COUNT "F0210" "too few or too many keys or arguments" "键或参数个数不符";
    NOT_CONSTANT "F0211" "a value that is not known from the text" "并非常量的值";
    BAD_EVENT "F0212" "an event that lacks what every event has" "事项缺少必备内容";
    TOTAL_KEY "F0213" "a total read under another key than kept" "累计额读取的键与台账不同";
    AMBIGUOUS "F0214" "a name with several meanings" "名称有多种含义";
    NOT_HERE "F0215" "something that cannot stand here" "此处不可用";
    NOT_ROUNDED "F0216" "a due without rounding" "应纳未写取整";
    NO_EVENT_FITS "F0217" "a rule that fits no event" "规则不适用于任何事项";
    BAD_VERSION "F0218" "days or versions out of order" "日期或版本次序有误";
    BAD_SCENARIO "F0219" "an amendment that finds nothing to amend" "修订无从着落";
    BAD_EXAMPLE "F0220" "an example that cannot be read" "示例无法理解";
    MIXED_CURRENCIES "F0221" "currencies mixed" "币种混用";
    BARE_SHARE "F0222" "an amount that looks like a share" "疑似漏写百分号的金额";
    LET_CYCLE "F0223" "computed fields that need each other" "计算字段循环依赖";
}

/// What a kind of declaration is called.
pub(super) fn kind(kind: Kind) -> Words {
    match kind {
        Kind::Law => Words::new("law", "法规"),
        Kind::Enumeration => Words::new("enumeration", "枚举"),
        Kind::Account => Words::new("account", "账户"),
        Kind::Pool => Words::new("pool", "待分"),
        Kind::Event => Words::new("event", "事项"),
        Kind::Register => Words::new("register", "登记簿"),
        Kind::Parameter => Words::new("parameter", "参数"),
        Kind::Schedule => Words::new("schedule", "税率表"),
        Kind::Reading => Words::new("reading", "释义"),
        Kind::Tally => Words::new("tally", "台账"),
        Kind::Carry => Words::new("carry", "结转"),
        Kind::Rule => Words::new("rule", "规则"),
        Kind::Levy => Words::new("levy", "征收"),
        Kind::Figure => Words::new("figure", "指标"),
    }
}

/// What a type is called.
pub(super) fn a_type(ty: &Type) -> Words {
    match ty {
        Type::Money(_) => Words::new("money", "金额"),
        Type::Rate => Words::new("a rate", "比率"),
        Type::Number => Words::new("a number", "数"),
        Type::Integer => Words::new("a whole number", "整数"),
        Type::Date => Words::new("a date", "日期"),
        Type::Period(_) => Words::new("a period", "期间"),
        Type::Duration => Words::new("a length of time", "时长"),
        Type::Bool => Words::new("yes or no", "是否"),
        Type::Text => Words::new("a text", "文本"),
        Type::Member(_) => Words::new("a member of an enumeration", "枚举项"),
        Type::Option(_) => Words::new("an option of a reading", "释义选项"),
        Type::Row(_) => Words::new("a row", "行"),
        Type::List(_) => Words::new("a list", "列表"),
        Type::Optional(_) => Words::new("a value that may be missing", "可能缺失的值"),
    }
}
