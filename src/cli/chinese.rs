//! Help and usage errors in Chinese. What the flags are is declared once, in English; here stand the
//! words for a reader of Chinese, found by the English ones. A test sees to it that none is missing.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

use crate::diagnostics::Words;

/// What the help says, and the same in Chinese.
const HELP: &[(&str, &str)] = &[
    (
        "A rules engine for tax sharing and benefit sharing: rules in, allocations out, exact to the fen",
        "分税与利益分享的规则引擎：输入规则与事项，得出分配，精确到分",
    ),
    ("Find what is wrong with rules before any money moves", "在动用资金之前检查规则中的问题"),
    ("Run the examples inside rules", "运行规则中的示例"),
    ("Allocate events: who gets what of each", "分配事项：每一笔各归谁、各多少"),
    (
        "Tell why one event came out as it did, rule by rule, with clauses and the day's values",
        "说明一笔事项为何如此分配：逐条规则，附依据与当日取值",
    ),
    (
        "Hold two scenarios, or all readings, against each other over the same events",
        "用同一批事项比较两个方案，或逐一比较各释义",
    ),
    (
        "Hold a settlement table that somebody else made against the rules, row by row",
        "将他人编制的结算表与规则逐行核对",
    ),
    (
        "The table: a row an event and a column an account, or the columns `account` and `amount`",
        "结算表：每行一笔事项、每列一个账户；或含「账户」「金额」两列",
    ),
    (
        "Files of events: FILE or EVENT=FILE [default: the table itself]",
        "事项文件：文件 或 事项=文件 [默认为该表本身]",
    ),
    (
        "Write a copy of the table with what became of each row; its ending chooses the layout",
        "写出附有逐行核对结果的表格副本；格式由扩展名决定",
    ),
    ("How many of the rows that do not agree are shown", "列出多少条不符的行"),
    ("How the result is written", "结果的写法"),
    ("With the amendments of a scenario", "采用某方案的修订"),
    ("For people", "供人阅读"),
    ("One JSON object", "一个 JSON 对象"),
    ("Draw the network of rules: where money comes in, who gets it", "画出规则的资金流向图"),
    ("Lay rules out anew, or translate their keywords", "重新排版规则，或转换关键字的语言"),
    (
        "Print a schedule with the quick deductions derived from it",
        "打印税率表及推导出的速算扣除数",
    ),
    ("Make a small working project", "建立一个可直接运行的小项目"),
    ("Show the value of a stage on the way from text to plan", "显示从文本到执行计划各阶段的内容"),
    ("Print this message or the help of the given subcommand(s)", "显示本说明或某个命令的说明"),
    ("Print help (see more with '--help')", "显示说明（--help 更详细）"),
    ("Print version", "显示版本"),
    (
        "Language of messages and reports: zh or en [default: the locale's]",
        "消息与报告的语言 [默认随系统]",
    ),
    ("When to use colours", "何时使用颜色"),
    ("On a terminal, unless NO_COLOR is set", "在终端上，除非设置了 NO_COLOR"),
    ("Always", "总是"),
    ("Never", "从不"),
    (
        "Folder in which modules are looked for [also: FENSHUI_LIBRARY]",
        "查找模块的文件夹 [也可用 FENSHUI_LIBRARY]",
    ),
    (
        "How many threads may work [also: FENSHUI_THREADS; default: one for each core]",
        "可用的线程数 [也可用 FENSHUI_THREADS；默认每核一个]",
    ),
    ("Say nothing but results and errors", "只输出结果与错误"),
    (
        "How much memory events may take that wait to be put in order: 512M, 4G …; the others wait in a file of no name beside the results",
        "等待排序的事项可占用的内存：512M、4G……；超出部分暂存于结果旁的无名文件",
    ),
    ("A file or folder of rules", "规则文件或文件夹"),
    ("Files or folders of rules", "规则文件或文件夹，可多个"),
    ("List what the rules say without having seen it in a source", "列出规则中尚未查证来源的内容"),
    ("How findings are written", "检查结果的写法"),
    ("Only examples whose title holds this text", "只运行标题含有此文字的示例"),
    (
        "List the rules, legs, versions, brackets and options that no example reaches",
        "列出示例未覆盖的规则、分项、版本、级距与释义选项",
    ),
    (
        "List the law that rules rest on, what cites it, what it leaves open; or print rules beside it",
        "列出规则所依据的法规、引用之处与未定之处；或将法规与规则对照打印",
    ),
    (
        "A file or folder of rules [default: the library, the folder `rules`, or the folder at hand]",
        "规则文件或目录 [默认：规则库、目录 rules 或当前目录]",
    ),
    (
        "What cites an instrument, clause by clause: its name, its number, or a part of its title",
        "逐条列出引用某一法规之处：写其名称、文号或标题的一部分",
    ),
    ("What the rules say without having seen it in a source", "规则中未见于来源的内容"),
    (
        "What the law leaves open, with the answers and the reason for the one taken",
        "法规未明之处、各种释义与所取释义的理由",
    ),
    (
        "Print prose, program and law as one page of HTML; `-` for the standard output",
        "将说明、程序与法规打印为一个 HTML 页面；- 为标准输出",
    ),
    ("Layout of lists", "列表的格式"),
    ("How results are written", "结果的写法"),
    (
        "Files of events: FILE or EVENT=FILE, `*` for several, `-` for the standard input",
        "事项文件：文件 或 事项=文件，可用 * 指多个，- 为标准输入",
    ),
    ("Rows of a register", "登记簿的数据：名称=文件"),
    (
        "With the amendments of a scenario (`compare` takes two)",
        "采用某个方案的改动（compare 可给两个）",
    ),
    ("Choose an option of a reading", "选择某项释义的取值"),
    (
        "The last day for which calendar events are made [default: the last event's]",
        "生成历日事项的最后一天 [默认为最后一笔事项之日]",
    ),
    (
        "Which column holds which field, where names and labels do not say it",
        "列对照文件：列名与字段名、标签不一致时使用",
    ),
    ("Encoding of the data [default: found from the bytes]", "数据的编码 [默认自动识别]"),
    (
        "What stands between the cells of a CSV file: one letter, or `tab`",
        "CSV 的分隔符：一个字符，或 tab",
    ),
    ("Layout of the data [default: by the ending of the name]", "数据的格式 [默认按扩展名]"),
    (
        "Write allocations to a file; its ending chooses the layout [default: the standard output]",
        "把分配结果写入文件，扩展名决定格式 [默认写到标准输出]",
    ),
    ("Write totals to a file", "把汇总写入文件"),
    (
        "Columns of the summary: account, a field of the events, year, quarter, month",
        "汇总的列：account、事项的字段、year、quarter、month",
    ),
    (
        "Write rows set aside to a file, whole, with reason and hint",
        "把搁置的行连同原因与提示写入文件",
    ),
    ("Write figures to a file", "把指标写入文件"),
    ("A row a leg, with its rule and clause", "每个分项一行，附规则与依据"),
    (
        "Layout of what goes to the standard output, or to files without a known ending",
        "标准输出及无已知扩展名的文件的格式",
    ),
    (
        "Run a second, plain evaluator first, and stop at the first difference",
        "先用另一个简明的求值器核对，遇到第一处不同即停止",
    ),
    ("With a column that says what people call each account", "另加一列账户的中文名称"),
    ("Write CSV so that Excel opens it as it is", "写出 Excel 可直接打开的 CSV"),
    ("Print a mapping to edit, and run nothing", "打印一份可修改的列对照，不运行"),
    (
        "Which event: its key, parts separated by `/`, and EVENT: in front where kinds share keys",
        "哪一笔事项：键值，多个部分以 / 分隔；不同事项键值相同时在前面写 事项:",
    ),
    ("How the explanation is written", "说明的写法"),
    (
        "For every reading of the rules: how much money hangs on it, and whose",
        "逐一比较各释义：涉及多少金额、谁的金额",
    ),
    ("How many of the events that moved most are shown", "列出变动最大的事项的笔数"),
    ("Layout of the result", "结果的格式"),
    (
        "Where to; `-` for the standard output. The ending chooses the layout",
        "写到哪里；- 为标准输出。扩展名决定格式",
    ),
    (
        "Files of events, whose amounts are the widths; without, every way is as wide as its sisters",
        "事项文件，以其金额为宽度；不给则各路等宽",
    ),
    ("How the network is written", "流向图的写法"),
    (
        "Where to; `-` for the standard output. The ending chooses the format: .txt, .mmd, .svg",
        "写到哪里；- 为标准输出。扩展名决定格式：.txt、.mmd、.svg",
    ),
    ("With the amendments of this scenario", "采用此方案的改动"),
    (
        "Files or folders of rules; `-` lays out the standard input onto the standard output",
        "规则文件或文件夹；- 表示从标准输入到标准输出",
    ),
    (
        "Change nothing; list files that are not laid out, and fail if there are any",
        "不改动；列出排版不合规的文件，有则返回失败",
    ),
    ("Write keywords in this tongue", "用此语言书写关键字"),
    ("Name or label of the schedule", "税率表的名称或标签"),
    ("Only the table of this day [default: all tables]", "只打印此日的税率表 [默认全部]"),
    ("Layout of the table", "表的格式"),
    ("The folder to make; its last part names the project", "要建立的文件夹；最后一段即项目名"),
    ("Which stage", "哪个阶段"),
    (
        "Keep allocations in a book that an auditor can replay and prove",
        "把分配记入账簿，供审计重算与证明",
    ),
    (
        "The book: a file, `postgres://…`, or `@FILE` that holds an address [also: FENSHUI_BOOK]",
        "账簿：文件、postgres://… 或 @文件（内有地址） [也可用 FENSHUI_BOOK]",
    ),
    (
        "Try also the editions of rules that this book holds: a file, `postgres://…`, or `@FILE`",
        "也试算此账簿所存的各规则版本：文件、postgres://… 或 @文件",
    ),
    ("Make a new book", "建立新账簿"),
    (
        "Allocate events and keep what each gave, all of them or none",
        "分配事项并过账，全部记入或全不记入",
    ),
    ("List the entries of a book", "列出账簿各条"),
    ("Show entries whole", "显示某条的全部内容"),
    (
        "Hold what is stored against chain, tree and signed checkpoints",
        "核对所存内容与链、树及已签检查点是否相符",
    ),
    (
        "Print the checkpoint of a book as it stands, sign it, or cosign one as a witness",
        "打印账簿当前检查点，签名，或作为见证人加签",
    ),
    (
        "Tell why an entry came out as it did, by the rules and registers of its batch",
        "按该批次的规则与登记簿说明某条为何如此",
    ),
    (
        "Work everything out again from the book's own rules and inputs, and compare",
        "用账簿自身的规则与输入全部重算并比较",
    ),
    (
        "Post corrections by which the book stands as other rules would have had it",
        "过账更正，使账簿与按另一规则所得一致",
    ),
    ("The number of an event's entry, or of a correction", "事项或更正的条号"),
    ("Only events that give to this account", "只看分配给此账户的事项"),
    ("Only what the book had learnt of by the end of this day", "只看账簿到此日终所知的内容"),
    (
        "By these rules instead, a file or an edition of the book: who owes whom",
        "改按此规则（文件或账簿中的版本）：谁欠谁多少",
    ),
    (
        "Rows of a register [default: those of the book's last batch that has them]",
        "登记簿的数据：名称=文件 [默认用账簿最近批次的]",
    ),
    (
        "Write the corrections that would make the book stand so, to be reviewed and posted",
        "写出使账簿如此的更正，供审阅与过账",
    ),
    (
        "The rules by which the book is to stand: a file or an edition of the book",
        "账簿应依据的规则：文件或账簿中的版本",
    ),
    ("The corrections as they were reviewed", "审阅过的更正"),
    ("Why", "理由"),
    (
        "Write a bundle that proves entries to somebody without the book: `fenshui-verify` checks it",
        "生成证明包，无账簿者可用 fenshui-verify 验证",
    ),
    (
        "Prove instead that the book still begins with what this older signed checkpoint is of",
        "改为证明账簿仍以此较早的已签检查点所含各条开头",
    ),
    ("Write the book for other programs", "导出账簿供其他程序使用"),
    ("Make a book again from its tiles, with the same root", "由导出的 tiles 重建账簿，树根相同"),
    ("Raise, show and settle objections", "提出、查看与了结异议"),
    (
        "The signed checkpoint that is to hold them [default: the latest that the book notes]",
        "包含各条的已签检查点 [默认用账簿所记最近一个]",
    ),
    ("What to write", "导出什么"),
    (
        "The file of a journal, or the folder of tables or tiles",
        "日记账的文件，或表格、tiles 的目录",
    ),
    (
        "Sign the checkpoint of tiles with this key [default: the latest that the book notes]",
        "用此密钥签 tiles 的检查点 [默认用账簿所记最近一个]",
    ),
    ("A journal for hledger: a transaction an event", "hledger 日记账：每笔事项一个交易"),
    ("Tables in CSV with a Frictionless data package", "CSV 表格，附 Frictionless 数据包说明"),
    (
        "The same tables, in files of XML or CSV that `--map` lays out, as a standard asks for",
        "同样的表格，按 --map 所定格式写成 XML 或 CSV，以符合某一标准",
    ),
    (
        "What `mapped` writes: which of our fields stands under which name, in TOML",
        "mapped 所写内容：各字段对应的名称（TOML）",
    ),
    (
        "The same tables in Parquet, with amounts as decimals",
        "同样的表格，Parquet 格式，金额为十进制数",
    ),
    (
        "The whole book as a tiled log, from which it can be made again",
        "整本账簿的 tiles，可据以重建",
    ),
    ("A folder of tiles", "tiles 目录"),
    ("Object to entries, as a party", "一方对某些条提出异议"),
    ("List disputes, and how they stand", "列出异议及其状态"),
    (
        "Show a dispute with the explanation of its entries, and what the party would have",
        "显示异议、各条的说明与该方主张的结果",
    ),
    ("Settle a dispute", "了结异议"),
    ("The entries objected to", "所异议的条"),
    ("The party", "提出异议的一方"),
    ("Why, in the party's own words", "该方所述理由"),
    ("What the party holds instead: a reading, a scenario, rules", "该方的主张：释义、方案或规则"),
    ("Only those that are open", "只列未决的"),
    ("The entry of the dispute", "异议的条号"),
    (
        "The rules that the party holds to, a file or an edition of the book",
        "该方所据规则：文件或账簿中的版本",
    ),
    ("How it ends", "如何了结"),
    ("Who settles it", "由谁了结"),
    (
        "The rules by which the entries are corrected: a file or an edition of the book",
        "更正所据规则：文件或账簿中的版本",
    ),
    ("The entries stand", "维持原条"),
    ("The entries are corrected", "更正"),
    ("The party takes it back", "该方撤回"),
    ("Make keys, and say which sign for a book", "生成密钥，并登记为账簿签名的密钥"),
    (
        "The name by which checkpoints call the book, such as finance.example/books/2016",
        "检查点中账簿的名称，如 finance.example/books/2016",
    ),
    (
        "A key that signs for the book; made if there is no such file",
        "为账簿签名的密钥；没有此文件则生成",
    ),
    (
        "File with the passphrase of the key [also: FENSHUI_PASSPHRASE; else asked for]",
        "存有密钥口令的文件 [也可用 FENSHUI_PASSPHRASE；否则询问]",
    ),
    ("Who posts, for the book to name", "过账人，记入账簿"),
    (
        "Post events that come late, and correct the entries after them",
        "来迟的事项也过账，并更正其后的各条",
    ),
    ("Say what would be posted, and keep nothing", "只说明将过账的内容，不写入"),
    ("How the answer is written", "结果的写法"),
    ("The first entry", "第一条"),
    ("The first entry that is left out [default: none]", "到此条之前为止 [默认到末尾]"),
    ("Only entries of this kind; may be given again", "只列此种类；可重复"),
    ("Only events with this key", "只列此键的事项"),
    ("Only events with this key; may be given again", "只列此键的事项，可重复给出"),
    (
        "Layout of the list; `json` and `ndjson` give entries whole",
        "列表的格式；json 与 ndjson 给出各条全部内容",
    ),
    ("Numbers of entries", "条的编号"),
    ("How they are written", "写法"),
    ("The first of a book", "账簿首条"),
    ("Rules, whole", "规则全文"),
    ("The beginning of a batch", "批次开始"),
    ("An event and what became of it", "事项及其结果"),
    ("A row that could not be read", "无法读取的行"),
    ("What became of an earlier event, anew", "对先前事项结果的更正"),
    ("The end of a batch", "批次结束"),
    ("A party's objection", "一方的异议"),
    ("How a dispute ended", "异议的了结"),
    ("A checkpoint that was signed", "已签名的检查点"),
    ("A key that begins or ceases to sign", "密钥开始或停止签名"),
    (
        "A checkpoint that was kept outside of the book; may be given again",
        "账簿之外保存的检查点；可重复",
    ),
    (
        "A verifier key that is trusted, or a file with one a line [default: those the book names]",
        "所信任的验证密钥，或每行一个的文件 [默认用账簿所记]",
    ),
    (
        "Sign it with this key, which must be one of the book's; may be given again",
        "用此密钥签名，须为账簿的密钥；可重复",
    ),
    ("Do not note in the book that it was signed", "不在账簿中记录此次签名"),
    (
        "As a witness, hold the checkpoint of this file against the book, and sign it too",
        "作为见证人，核对此文件中的检查点并加签",
    ),
    ("The key of the witness", "见证人的密钥"),
    ("Write it to a file [default: the standard output]", "写入文件 [默认标准输出]"),
    (
        "Make a key in a new file that its owner alone can read; prints its public part",
        "在新文件中生成密钥，仅所有者可读；打印其公开部分",
    ),
    ("Let keys sign for the book", "登记为账簿签名的密钥"),
    ("Let keys sign no more", "停用签名密钥"),
    ("Let a new key sign in the place of another", "以新密钥替换旧密钥"),
    ("List the keys that sign or signed for the book", "列出现在与曾经签名的密钥"),
    ("Print the public part of a key in a file", "打印文件中密钥的公开部分"),
    ("The file to make", "要生成的文件"),
    (
        "The name by which signatures call the key, such as finance.example/keeper",
        "签名中密钥的名称，如 finance.example/keeper",
    ),
    ("Protect it by a passphrase", "用口令保护"),
    ("Key files, or verifier keys as `key new` prints them", "密钥文件，或 key new 打印的验证密钥"),
    ("The key that retires: a key file or a verifier key", "停用的密钥：文件或验证密钥"),
    (
        "The key that signs from now on: a key file or a verifier key",
        "此后签名的密钥：文件或验证密钥",
    ),
    ("A key file", "密钥文件"),
    (
        "As a witness, whose signatures tell when it saw a checkpoint",
        "作为见证人的密钥，其签名注明所见时刻",
    ),
    ("A line of column names, then a row a line", "首行列名，其后每行一条"),
    ("An array of records", "记录的数组"),
    ("A record a line", "每行一条记录"),
    ("Aligned columns for people", "供人阅读的对齐表格"),
    ("A workbook for Excel and WPS", "Excel、WPS 工作簿"),
    ("Columns of exact values, for analysis", "按列存放的精确数值，供分析用"),
    ("The same in Arrow's file format", "同上，Arrow 文件格式"),
    ("As CSV, with tabs", "同 CSV，以制表符分隔"),
    ("For people", "供人阅读"),
    ("One JSON object a line", "每行一个 JSON 对象"),
    ("Trees as written", "书写原样的语法树"),
    ("Names resolved", "名称已解析"),
    ("Compiled, everything by position", "编译后的计划"),
    ("An indented text", "缩进的文本"),
    ("A Mermaid flow chart", "Mermaid 流程图"),
    ("A self-contained SVG Sankey diagram", "独立的 SVG 桑基图"),
    ("Chinese", "中文"),
    ("English", "英文"),
];

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
    command
        .help_template("{about-with-newline}\n用法：{usage}\n\n{all-args}{after-help}\n")
        .subcommand_help_heading("命令")
        .mut_args(of_argument)
        .mut_subcommands(of_command)
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
    argument
        .help(help)
        .long_help(None::<&str>)
        .help_heading(heading)
        .hide_possible_values(true)
        .hide_default_value(true)
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
    let hint = match (suggested, valid) {
        (Some(near), _) => format!("是否应为「{near}」？"),
        (None, Some(valid)) => format!("可用：{valid}"),
        (None, None) => "加 --help 查看全部参数".to_owned(),
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
