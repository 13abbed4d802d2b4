//! Help and usage errors in Chinese. What the flags are is declared once, in English; here stand the
//! words for a reader of Chinese, found by the English ones. A test sees to it that none is missing.

mod words;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::diagnostics::Words;

use super::args::BadValue;
use words::{HELP, VALUES};

const EXIT_CODES: &str = "退出码：0 全部分配；1 已完成，但有搁置的行，或检查、测试未通过；\
2 用法错误或输入无法读取；3 规则不能编译；130 被中断";

/// The same text in Chinese.
fn translated(english: &str) -> Option<&'static str> {
    HELP.iter().find(|(own, _)| *own == english).map(|(_, chinese)| *chinese)
}

/// The command with its help in Chinese.
pub(super) fn in_chinese(mut command: Command) -> Command {
    command.build();
    let command = command.after_help(EXIT_CODES);
    of_command(command)
}

fn of_command(mut command: Command) -> Command {
    if let Some(about) = command.get_about().map(ToString::to_string) {
        command = command.about(translated(&about).map_or(about, str::to_owned));
    }
    command = command
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}\n")
        .subcommand_help_heading("命令")
        .mut_args(of_argument)
        .mut_subcommands(of_command);
    let usage = command.render_usage().to_string();
    let usage = usage.strip_prefix("Usage: ").unwrap_or(&usage);
    let usage = usage.replace("[OPTIONS]", "[选项]").replace("COMMAND", "命令");
    command.override_usage(usage)
}

fn of_argument(argument: Arg) -> Arg {
    let english = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let mut help = translated(&english).map_or(english, str::to_owned);
    let values: Vec<String> = argument
        .get_possible_values()
        .iter()
        .filter(|value| argument.get_action().takes_values() && !value.is_hide_set())
        .map(|value| {
            let words = value.get_help().map(ToString::to_string).unwrap_or_default();
            let words = translated(&words).map_or(words.clone(), str::to_owned);
            if words.is_empty() {
                value.get_name().into()
            } else {
                format!("{} {words}", value.get_name())
            }
        })
        .collect();
    if !values.is_empty() {
        help.push_str(&format!(" [可用：{}]", values.join("；")));
    }
    let defaults: Vec<String> =
        argument.get_default_values().iter().map(|it| it.to_string_lossy().into_owned()).collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        help.push_str(&format!(" [默认：{}]", defaults.join("、")));
    }
    let heading = if argument.is_positional() { "参数" } else { "选项" };
    let names = argument.get_value_names().unwrap_or_default();
    let names: Vec<&'static str> = names.iter().filter_map(|name| value(name)).collect();
    let argument = if names.is_empty() { argument } else { argument.value_names(names) };
    argument
        .help(help)
        .long_help(None::<&str>)
        .help_heading(heading)
        .hide_possible_values(true)
        .hide_default_value(true)
}

/// What stands for a value.
fn value(name: &str) -> Option<&'static str> {
    VALUES.iter().find(|(english, _)| *english == name).map(|(_, chinese)| *chinese)
}

/// What a check of ours says of a value.
fn said_by_us(error: &clap::Error) -> Option<&Words> {
    let source = std::error::Error::source(error)?;
    source.downcast_ref::<BadValue>().map(|BadValue(words)| words)
}

/// A usage error in words; nothing where clap's own are all there is.
pub(super) fn usage_words(error: &clap::Error) -> Option<(Words, Option<Words>)> {
    let get = |kind| {
        error.get(kind).map(|value| match value {
            ContextValue::Strings(all) => all.join("、"),
            value => value.to_string(),
        })
    };
    let argument = || get(ContextKind::InvalidArg).unwrap_or_default();
    let what = match error.kind() {
        ErrorKind::UnknownArgument => format!("没有参数「{}」", argument()),
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            match get(ContextKind::InvalidValue).filter(|value| !value.is_empty()) {
                Some(value) => format!("「{}」的值「{value}」无效", argument()),
                None => format!("「{}」后面缺少值", argument()),
            }
        }
        ErrorKind::InvalidSubcommand => {
            format!("没有命令「{}」", get(ContextKind::InvalidSubcommand).unwrap_or_default())
        }
        ErrorKind::MissingRequiredArgument => format!("缺少必需的参数：{}", argument()),
        ErrorKind::MissingSubcommand => "缺少命令".to_owned(),
        ErrorKind::ArgumentConflict => match get(ContextKind::PriorArg) {
            Some(prior) if prior != argument() => {
                format!("「{}」与「{prior}」不能同时使用", argument())
            }
            _ => format!("「{}」只能写一次", argument()),
        },
        ErrorKind::TooManyValues | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => {
            format!("「{}」的值的个数不对", argument())
        }
        _ => return None,
    };
    let suggested = get(ContextKind::SuggestedArg)
        .or_else(|| get(ContextKind::SuggestedSubcommand))
        .or_else(|| get(ContextKind::SuggestedValue));
    let valid = get(ContextKind::ValidValue).or_else(|| get(ContextKind::ValidSubcommand));
    let valid = valid.filter(|valid| !valid.is_empty());
    let hint = match (suggested, valid) {
        (Some(near), _) => format!("是否应为「{near}」？"),
        (None, Some(valid)) => format!("可用：{valid}"),
        (None, None) => match said_by_us(error) {
            Some(words) => words.zh.clone(),
            None => "加 --help 查看全部参数".to_owned(),
        },
    };
    Some((Words::new(String::new(), what), Some(Words::new(String::new(), hint))))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::super::args::Cli;
    use super::*;

    /// Every English word of help.
    fn texts(command: &Command, found: &mut Vec<String>) {
        found.extend(command.get_about().map(ToString::to_string));
        for argument in command.get_arguments() {
            found.extend(argument.get_help().map(ToString::to_string));
            for value in argument.get_possible_values() {
                found.extend(value.get_help().map(ToString::to_string));
            }
        }
        command.get_subcommands().for_each(|below| texts(below, found));
    }

    /// Every word that stands for a value.
    fn value_names(command: &Command, found: &mut Vec<String>) {
        for argument in command.get_arguments().filter(|it| it.get_action().takes_values()) {
            let names = argument.get_value_names().into_iter().flatten();
            found.extend(names.map(ToString::to_string));
        }
        command.get_subcommands().for_each(|below| value_names(below, found));
    }

    #[test]
    fn what_stands_for_values_is_there_in_chinese() {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        value_names(&command, &mut found);
        let known = |name: &String| VALUES.iter().any(|(english, _)| english == name);
        let missing: std::collections::BTreeSet<&String> =
            found.iter().filter(|name| !known(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let used = |english: &str| found.iter().any(|name| name == english);
        let unused: Vec<_> = VALUES.iter().filter(|(english, _)| !used(english)).collect();
        assert!(unused.is_empty(), "{unused:?}");
    }

    #[test]
    fn no_usage_has_english_words_in_capitals() {
        fn usages(command: &Command, found: &mut Vec<String>) {
            found.push(command.clone().render_usage().to_string());
            command.get_subcommands().for_each(|below| usages(below, found));
        }
        let mut found = Vec::new();
        usages(&in_chinese(Cli::command()), &mut found);
        assert!(found.len() > 30, "{found:?}");
        let english = |usage: &&String| {
            let usage = usage.strip_prefix("Usage:").unwrap_or(usage);
            usage.chars().any(|letter| letter.is_ascii_uppercase())
        };
        let english: Vec<&String> = found.iter().filter(english).collect();
        assert!(english.is_empty(), "{english:#?}");
    }

    #[test]
    fn all_help_is_there_in_chinese() {
        let mut command = Cli::command();
        command.build();
        let mut found = Vec::new();
        texts(&command, &mut found);
        let missing: Vec<&String> =
            found.iter().filter(|text| translated(text).is_none()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
        let used = |english: &str| found.iter().any(|text| text == english);
        let unused: Vec<_> = HELP.iter().filter(|(english, _)| !used(english)).collect();
        assert!(unused.is_empty(), "{unused:#?}");
    }
}
