//! What verifying a book finds, in both languages.

use crate::book::{Among, Contradiction, Damage, Flaw};
use crate::diagnostics::Words;

/// What is not as it was written.
pub fn damage_words(damage: &Damage) -> Words {
    let zh = match damage {
        Damage::Value { entry, field: Some(field), offset, was } => {
            let mut zh = format!("第 {entry} 条：「{field}」被改动");
            if let (Some(offset), Some(was)) = (offset, was) {
                zh.push_str(&format!("（该条第 {offset} 字节原为 0x{was:02x}）"));
            }
            zh
        }
        Damage::Value { entry, .. } => format!("第 {entry} 条：内容被改动，不止一个字节"),
        Damage::Leaf { entry } => format!("第 {entry} 条：叶摘要被改动，内容完好"),
        Damage::End { entry } => format!("第 {entry} 条：其结束位置被改动，内容完好"),
        Damage::Missing { entry } => format!("第 {entry} 条不存在"),
        Damage::Unreadable { entry, field, .. } => format!("第 {entry} 条：「{field}」无法读取"),
        Damage::Contradiction { entry, what } => {
            format!("第 {entry} 条与他条矛盾：{}", contradiction_zh(*what))
        }
        Damage::HalfBatch { batch } => format!("从第 {batch} 条开始的批次不完整"),
        Damage::Key { entry, index } => {
            format!("第 {entry} 条：索引（{}）被改动或缺失", among_zh(*index))
        }
        Damage::SurplusKeys { count } => format!("索引中有 {count} 项不属于任何条"),
        Damage::Node { level, index } => format!("树第 {level} 层第 {index} 节点被改动或缺失"),
        Damage::CutOff { size, checkpoint } => {
            format!("账簿有 {size} 条，签检查点时有 {checkpoint} 条：末尾被截去")
        }
        Damage::Rewritten { checkpoint, signed, found } => {
            format!("前 {checkpoint} 条与所签检查点不符：树根为 {found}，所签为 {signed}")
        }
        Damage::Store(flaw) => format!("存储：{}", flaw_zh(flaw)),
    };
    Words::new(damage.to_string(), zh)
}

fn contradiction_zh(what: Contradiction) -> &'static str {
    match what {
        Contradiction::Misplaced => "所处位置不容此类条目",
        Contradiction::Opening => "账簿只在开头有一条启用",
        Contradiction::Text => "规则文本与其所载摘要不符",
        Contradiction::Range => "金额超出范围",
        Contradiction::CorrectsLater => "所更正的条在其后",
        Contradiction::CorrectsNothing => "所更正的不是有效的事项",
        Contradiction::CorrectedBefore => "所更正的条此前已被更正",
        Contradiction::Because => "所称的更正缘由不成立",
        Contradiction::Unsettled => "所称的异议并未由此裁决",
        Contradiction::Unequal => "各笔之和与事项金额不等",
        Contradiction::Sums => "合计与本批不符",
        Contradiction::AgainstLater => "所争议的条在其后",
        Contradiction::AgainstNothing => "未指明所争议的条，或其不是事项",
        Contradiction::SettlesNothing => "所裁决的不是异议",
        Contradiction::SettledBefore => "该异议此前已裁决",
        Contradiction::SettledByOthers => "所列更正并非因该异议而作",
        Contradiction::CountsOthers => "计入台账的事项并非其异议所涉",
        Contradiction::Declares => "其所载声明与其规则文本不符",
        Contradiction::Edition => "所指的条不是其规则版本",
        Contradiction::Register => "所指的条不是其登记簿",
        Contradiction::Batch => "所载批次与所在批次不同",
        Contradiction::NoFirstPart => "登记簿缺第一部分",
        Contradiction::PartOrder => "登记簿各部分顺序有误",
        Contradiction::Kind => "其规则版本无此类事项",
        Contradiction::Positions => {
            "所指的成员、账户、分项、指标或释义在其规则版本中不存在或类型不符"
        }
        Contradiction::Source => "所称来源文件不在其批次之列",
        Contradiction::Sender => "所称来自文件，而按其规则此类事项并非报送，或与此相反",
        Contradiction::Key => "键不可移用",
        Contradiction::Lane => "累计所属不可移用",
        Contradiction::Rank => "次序缺失",
        Contradiction::Again => "同一事项在前面已有一条，且仍有效",
    }
}

fn among_zh(index: Among) -> &'static str {
    match index {
        Among::Events => "事项",
        Among::Contents => "规则版本与登记簿",
        Among::Settlements => "更正与裁定",
        Among::Lanes => "累计",
    }
}

fn flaw_zh(flaw: &Flaw) -> String {
    let of = |kind: &str| match kind {
        "trigger" => "触发器".to_owned(),
        "table" => "表".to_owned(),
        "right" => "权限".to_owned(),
        "owner" => "所有者".to_owned(),
        "membership" => "角色成员".to_owned(),
        "index" => "索引".to_owned(),
        "view" => "视图".to_owned(),
        "rule" => "改写规则".to_owned(),
        "policy" => "行级策略".to_owned(),
        "function" => "函数".to_owned(),
        "constraint" => "约束".to_owned(),
        "sequence" => "序列".to_owned(),
        "setting" => "设置".to_owned(),
        other => other.to_owned(),
    };
    match flaw {
        // In the words of SQLite or PostgreSQL, which have no others.
        Flaw::Structure { what } => format!("结构损坏（{what}）"),
        Flaw::NotWhole { from } => format!("自第 {from} 条起的一行各部分不相符"),
        Flaw::Twice { entry } => format!("第 {entry} 条出现不止一次"),
        Flaw::MisplacedRun { since, upto } => {
            format!("第 {since} 至 {upto} 条的索引段位置有误")
        }
        Flaw::ChangedRun { since, upto } => format!("第 {since} 至 {upto} 条的索引段被改动"),
        Flaw::StrayRows { table, count } => format!("表「{table}」中有 {count} 行不属于账簿"),
        Flaw::Missing { kind, name } if kind == "trigger" => {
            format!("触发器「{name}」不存在：其守护的内容可被更改")
        }
        Flaw::Missing { kind, name } => format!("{}「{name}」不存在", of(kind)),
        Flaw::Changed { kind, name } => format!("{}「{name}」与账簿所设不同", of(kind)),
        Flaw::Foreign { kind, name } => format!("{}「{name}」不是账簿所设", of(kind)),
    }
}
