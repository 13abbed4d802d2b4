//! What verifying a book finds, in both languages.

use crate::book::{Damage, Flaw};
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
        Damage::Missing { entry } => format!("第 {entry} 条不存在"),
        Damage::Unreadable { entry, field, .. } => format!("第 {entry} 条：「{field}」无法读取"),
        Damage::Contradiction { entry, what } => format!("第 {entry} 条与他条矛盾：{what}"),
        Damage::HalfBatch { batch } => format!("从第 {batch} 条开始的批次不完整"),
        Damage::Key { entry, index } => format!("第 {entry} 条：索引（{index}）被改动或缺失"),
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

fn flaw_zh(flaw: &Flaw) -> String {
    let of = |kind: &str| match kind {
        "trigger" => "触发器".to_owned(),
        "table" => "表".to_owned(),
        "right" => "权限".to_owned(),
        "index" => "索引".to_owned(),
        "view" => "视图".to_owned(),
        other => other.to_owned(),
    };
    match flaw {
        Flaw::Structure { what } => what.clone(),
        Flaw::Missing { kind, name } if kind == "trigger" => {
            format!("触发器「{name}」不存在：其守护的内容可被更改")
        }
        Flaw::Missing { kind, name } => format!("{}「{name}」不存在", of(kind)),
        Flaw::Changed { kind, name } => format!("{}「{name}」与账簿所设不同", of(kind)),
        Flaw::Foreign { kind, name } => format!("{}「{name}」不是账簿所设", of(kind)),
    }
}
