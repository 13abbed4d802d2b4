//! The errors of the book in both languages, with what to do about them.

use std::error::Error as _;
use std::io::ErrorKind;

use crate::book::{BookError, KeyError, NoteError, StoreError};
use crate::diagnostics::Words;

/// An error of the book, and what to do about it where one can say.
pub fn book_words(error: &BookError) -> (Words, Option<Words>) {
    let en = error.to_string();
    let verify = || Some(Words::new("`fenshui book verify` tells what is damaged", VERIFY_ZH));
    let (zh, hint) = match error {
        BookError::Store(error) => return store_words(error),
        BookError::Malformed { entry, source } => {
            let en = format!("{en}: {source}");
            return (Words::new(en, format!("账簿第 {entry} 条无法读取")), verify());
        }
        BookError::Damaged { entry } => (format!("账簿第 {entry} 条与写入时不一致"), verify()),
        BookError::DamagedKeys { since, upto } => {
            (format!("第 {since} 至 {upto} 条的键与写入时不一致"), verify())
        }
        BookError::DamagedNode { level, index } => {
            (format!("树第 {level} 层第 {index} 节点与写入时不一致"), verify())
        }
        BookError::NotOfBook { origin, size } => (
            format!("「{origin}」{size} 条的检查点不属于本账簿"),
            Some(Words::new(
                "`fenshui book verify --checkpoint FILE` tells more",
                "用 fenshui book verify --checkpoint 文件 查明",
            )),
        ),
        BookError::NoOpening => (
            "账簿没有开簿记录".to_owned(),
            Some(Words::new(
                "its first entry is missing: restore the book from a copy, or make it again from tiles by \
                 `fenshui book import`",
                "第一条已缺失：请用副本恢复，或由导出的 tiles 用 fenshui book import 重建",
            )),
        ),
        BookError::Interrupted => ("已中断，未写出任何内容".to_owned(), None),
        BookError::NoEntry { number, size } => {
            (format!("没有第 {number} 条：账簿共有 {size} 条"), by_key())
        }
        BookError::HalfBatch { batch } => (format!("从第 {batch} 条开始的批次不完整"), verify()),
        BookError::Conflict { key, entry, .. } => (
            format!("事项「{key}」已在账簿第 {entry} 条，内容不同"),
            Some(Words::new(
                "nothing was posted; what is in a book is never changed: leave the row out, and send a refund \
                 or correct the entry if it is wrong",
                "未过账；已过账内容不可更改：请删去该行；原账有误的，另发退库事项或更正该条",
            )),
        ),
        BookError::Late { key, behind } => (
            format!("事项「{key}」来迟：同一台账的第 {behind} 条在它之后"),
            Some(Words::new(
                "`--recompute-late` posts it with entries that correct those after it",
                "加 --recompute-late 可过账，并更正其后的各条",
            )),
        ),
        BookError::NotConserved { key, inflow, sum } => {
            (format!("事项「{key}」：各项之和 {sum}，流入 {inflow}"), None)
        }
        BookError::TotalTooLarge => ("本批金额之和超出 128 位".to_owned(), None),
        BookError::NotPortable => ("事项键值的一部分不是文字、数、日期或期间".to_owned(), None),
        BookError::NoEdition { digest } => (format!("账簿没有规则版本 {digest}"), verify()),
        BookError::OutOfPlace { what, .. } => (format!("位置不当：{what}"), None),
        BookError::NotCorrectable { of } => (format!("第 {of} 条不是事项，也不是更正"), by_key()),
        BookError::NoDispute { of } => (
            format!("第 {of} 条不是异议"),
            Some(Words::new(
                "`fenshui book dispute list` lists them with their entries",
                "用 fenshui book dispute list 查看各项异议及其条号",
            )),
        ),
        BookError::Settled { of, by } => (format!("第 {of} 条已由第 {by} 条了结"), None),
        BookError::BadName { name } => {
            (format!("「{name}」不能作账簿名：不得为空，不得含空白、不可见字符或 +"), None)
        }
        BookError::Internal(what) => (format!("内部错误，请报告：{what}"), None),
    };
    (Words::new(en, zh), hint)
}

/// An event is known to people by its key.
fn by_key() -> Option<Words> {
    Some(Words::new(
        "entries are named by their numbers, as `fenshui book log` lists them; `--event KEY` names an \
         event by its key",
        "条目用条号指定，见 fenshui book log；按事项的键指定用 --event 键",
    ))
}

const VERIFY_ZH: &str = "用 fenshui book verify 查明损坏之处";

/// An error of the store.
pub fn store_words(error: &StoreError) -> (Words, Option<Words>) {
    let mut en = error.to_string();
    let (zh, hint) = match error {
        StoreError::NotFound { place } => (
            format!("「{place}」没有账簿"),
            Some(Words::new("`fenshui book init` makes one", "用 fenshui book init 建立")),
        ),
        StoreError::NoFolder { place } => (
            format!("「{place}」所在的文件夹不存在"),
            Some(Words::new(
                "make the folder first, or name another place",
                "请先建立文件夹，或另指定位置",
            )),
        ),
        StoreError::Exists { place } => {
            (format!("「{place}」已存在"), Some(Words::new("name another place", "请另指定位置")))
        }
        StoreError::LeftOver { place, beside } => (
            format!("「{beside}」尚在，属于原名「{place}」的账簿"),
            Some(Words::new(
                "it may hold what was posted last: put that book back under its name and read it once, or name \
                 another place; take the file away only if nobody needs that book",
                "其中可能有最后过账的内容：请将原账簿放回原名并读取一次，或另指定位置；\
                 确无人需要该账簿时方可移走此文件",
            )),
        ),
        StoreError::ManyNames { place, names } => (
            format!("「{place}」是同一文件的 {names} 个名称（硬链接）之一"),
            Some(Words::new(
                "what is being written stands beside one of the names, and whoever comes by another does not see \
                 it: keep one name, and make copies or symbolic links instead",
                "写入中的内容记在其中一个名称旁边，用另一名称者看不到：\
                 请只留一个名称，需要时用副本或符号链接",
            )),
        ),
        StoreError::Moved { place } => (
            format!("「{place}」在打开期间被移动、删除或替换"),
            Some(Words::new(
                "put it back under this name, with the `-wal` that stands there beside it, and post again: the book \
                 says what it has",
                "请连同旁边的 -wal 放回原名，再重新过账：账簿会说明是否已有",
            )),
        ),
        StoreError::Foreign { place } => (
            format!("「{place}」不是分税的账簿"),
            Some(Words::new(
                "name the file that `fenshui book init` or `book import` made",
                "请指定由 fenshui book init 或 book import 建立的文件",
            )),
        ),
        StoreError::Newer { found, known } => (
            format!("账簿版本为 {found}，本程序只认识到 {known}"),
            Some(Words::new("use a newer fenshui", "请使用较新的 fenshui")),
        ),
        StoreError::Older { found, known } => (
            format!("账簿按第 {found} 版布局保存，本程序只读第 {known} 版"),
            Some(Words::new(
                "let the fenshui that made it write it out (`book export tiles`), and read that \
                 into a new book (`book import`): its entries and its root stay what they are",
                "请用当初建账的 fenshui 导出（book export tiles），再导入新账簿（book import）：\
                 条目与树根不变",
            )),
        ),
        StoreError::Truncated { place, found, expected } => (
            format!("「{place}」应有 {expected} 字节，只有 {found}：末尾缺失"),
            Some(Words::new("restore it from a copy", "请用副本恢复")),
        ),
        StoreError::Damaged { what } => (
            format!("账簿存储损坏：{what}"),
            Some(Words::new(
                "the file may have been copied while somebody posted, without the `-journal` or \
                 `-wal` beside it: copy it again with these, or write it out by \
                 `fenshui book export tiles`",
                "文件可能是在他人过账时复制的，缺少旁边的 -journal 或 -wal：\
                 请连同它们重新复制，或用 fenshui book export tiles 导出",
            )),
        ),
        StoreError::DamagedSchema { what } => (
            format!("服务器上的账簿损坏：{}", schema_zh(what)),
            Some(Words::new(
                "restore the database from a dump, or make the book again from tiles by \
                 `fenshui book import`; as far as the server can read it, `fenshui book verify` names \
                 what is missing or changed",
                "请由数据库转储恢复，或由导出的 tiles 用 fenshui book import 重建；\
                 服务器能读取的部分，用 fenshui book verify 查明缺失或改动之处",
            )),
        ),
        StoreError::Occupied { table } => (
            format!("表「{table}」中，新内容应在之处已有内容"),
            Some(Words::new("`fenshui book verify` tells what is damaged", VERIFY_ZH)),
        ),
        StoreError::Locked => (
            "另有人正在写入账簿".to_owned(),
            Some(Words::new("nothing was added; try again", "未写入任何内容，请重试")),
        ),
        StoreError::LockedBy { login, process } => (
            format!("另有人正在写入账簿：「{login}」，服务器进程 {process}"),
            Some(Words::new(
                "nothing was added; try again when he is done (an owner ends what hangs by \
                 `SELECT pg_terminate_backend(…)` with the number of the process)",
                "未写入任何内容，请待其完成后重试（若已停滞，可由管理员执行 \
                 SELECT pg_terminate_backend(进程号)）",
            )),
        ),
        StoreError::Full => ("账簿所在之处空间已满，未写入任何内容".to_owned(), None),
        StoreError::Device { place } => (
            format!("「{place}」无法读写：所在磁盘已满，或有故障"),
            Some(Words::new(
                "make room where the book is: also while it is read files stand beside it; where there \
                 is room, see to the disk, and go on with a copy that `fenshui book verify` finds \
                 whole; what was being posted can be posted again, and the book says what it has",
                "请在账簿所在之处腾出空间：只读时旁边也有附属文件；若空间足够，请检查磁盘，\
                 并改用经 fenshui book verify 核对相符的副本；正在过账的内容可重新过账，账簿会说明是否已有",
            )),
        ),
        StoreError::NotReadable { what } => (
            format!("账簿不可读取：{what}"),
            Some(Words::new(
                "file and folder must allow the user to read",
                "文件与文件夹须允许该用户读取",
            )),
        ),
        StoreError::NoRight { what } => (
            format!("账簿不可写入：{what}"),
            Some(Words::new(
                "file and folder must allow the user to write",
                "文件与文件夹须允许该用户写入",
            )),
        ),
        StoreError::BesideNotOurs { beside } => (
            format!("账簿不可写入：「{beside}」为他人所留"),
            Some(Words::new(
                "somebody who may write to the folder and not to the book has read it: when nobody has the book \
                 open, take that file away, if it is a `-shm` or an empty `-wal`; let readers not write to the folder",
                "有人对文件夹可写而对账簿不可写，读取时留下此文件：无人打开账簿时，\
                 若为 -shm 或空的 -wal，请移走；并请勿让只读者可写该文件夹",
            )),
        ),
        StoreError::ReadOnly { what } => (
            format!("账簿不可写入：{}", refused_zh(what)),
            Some(Words::new(
                "the owner of the book lets a login add: `GRANT fenshui_poster TO …`; with \
                 `transaction_read_only` nobody may for now",
                "请账簿所有者授权：GRANT fenshui_poster TO …；\
                 若报告 transaction_read_only，则服务器管理员暂不许任何人写入",
            )),
        ),
        StoreError::NotAllowed { what } => (
            format!("该用户不能读取账簿：{}", refused_zh(what)),
            Some(Words::new(
                "the owner of the book lets a login read: `GRANT fenshui_auditor TO …` (or add: \
                 `fenshui_poster`)",
                "请账簿所有者授权：只读用 GRANT fenshui_auditor TO …，过账用 fenshui_poster",
            )),
        ),
        StoreError::NoFounder { what } => (
            format!("该用户不能建立账簿：{}", refused_zh(what)),
            Some(Words::new(
                "`book init` wants the right to make schemas (`GRANT CREATE ON DATABASE … TO …`) and, where \
                 the server does not have the roles of a book yet, to make roles \
                 (`ALTER ROLE … CREATEROLE`)",
                "建立账簿须有建模式的权限（GRANT CREATE ON DATABASE … TO …）；服务器尚无账簿角色时，\
                 还须有建角色的权限（ALTER ROLE … CREATEROLE）",
            )),
        ),
        StoreError::BadAddress { what } => (
            format!("服务器地址无法读取（{what}）"),
            Some(Words::new(
                "`postgres://USER@HOST/DATABASE`, with `:PORT` after the host and `?sslmode=…` at the end where \
                 they are wanted; signs in it are percent-encoded",
                "写作 postgres://用户@主机/数据库，需要时主机后加 :端口、末尾加 ?sslmode=…；\
                 其中的特殊符号用百分号编码",
            )),
        ),
        StoreError::NotEncrypted { what } => (
            format!("与服务器的连接无法加密（{}）", untrusted_zh(what)),
            Some(Words::new(
                "the server must offer TLS (`ssl = on`) with a certificate that names the host; who issued it is \
                 told by `?sslmode=verify-full&sslrootcert=FILE` where the system does not know him",
                "服务器须启用 TLS（ssl = on），证书须写明该主机；系统不认识签发者时，\
                 请在地址末尾用 ?sslmode=verify-full&sslrootcert=文件 指定",
            )),
        ),
        StoreError::NoLogin { what } => (
            format!("账簿所在的服务器拒绝登录：数据库报告「{what}」"),
            Some(Words::new(
                "see to user and password of the address (`FENSHUI_BOOK`, or a private file by `--book @FILE`), \
                 to the right to connect (`GRANT CONNECT ON DATABASE … TO …`), and to what the server's \
                 `pg_hba.conf` lets in",
                "请核对地址中的用户与口令（FENSHUI_BOOK，或用 --book @文件 指定的私有文件）、连接权限\
                 （GRANT CONNECT ON DATABASE … TO …）以及服务器 pg_hba.conf 允许的来源",
            )),
        ),
        StoreError::Crowded { what } => (
            format!("账簿所在的服务器暂不接受更多连接：数据库报告「{what}」"),
            Some(Words::new(
                "try again when others are done; who keeps the server can raise its `max_connections`, or the \
                 role's `CONNECTION LIMIT`",
                "请待他人用毕后再试；服务器管理员可调高 max_connections 或该角色的 CONNECTION LIMIT",
            )),
        ),
        StoreError::NoDatabase { what } => (
            format!("服务器上没有这个数据库：数据库报告「{what}」"),
            Some(Words::new(
                "name another in the address, or make it first (`createdb …`); `fenshui book init` makes the \
                 book in it",
                "请在地址中另指定数据库，或先建立（createdb …）；再用 fenshui book init 在其中建立账簿",
            )),
        ),
        StoreError::Cancelled { what } => (
            format!("服务器中止了所请求的操作：数据库报告「{what}」"),
            Some(Words::new(
                "nothing was added; where it is a limit of time, lift it for this login \
                 (`ALTER ROLE … SET statement_timeout = 0`)",
                "未写入任何内容；若因时限所致，请为该登录取消（ALTER ROLE … SET statement_timeout = 0）",
            )),
        ),
        StoreError::Unreachable { what } => (
            format!("无法连接账簿所在的服务器：系统报告「{what}」"),
            Some(Words::new(
                "see that the server runs, and that the address names it",
                "请确认服务器已运行，地址无误",
            )),
        ),
        StoreError::Silent { seconds } => (
            format!("账簿所在的服务器没有应答：已等待 {seconds} 秒"),
            Some(Words::new(
                "see that a PostgreSQL server is there and not stopped; `connect_timeout=SECONDS` at the end of \
                 the address says how long to wait",
                "请确认该处是 PostgreSQL 服务器且未停顿；地址末尾可用 connect_timeout=秒数 指定等待多久",
            )),
        ),
        StoreError::NotDurable { setting } => (
            format!("服务器设置 {setting}：崩溃时可能丢失已确认的内容"),
            Some(Words::new(
                "nothing was added; let who keeps the server set `fsync` and `full_page_writes` to `on`",
                "未写入任何内容；请服务器管理员将 fsync 与 full_page_writes 设为 on",
            )),
        ),
        StoreError::Lost => ("与账簿的连接中断，未写入任何内容".to_owned(), None),
        StoreError::Unknown => {
            ("写入时与账簿的连接中断：请重新执行，账簿会说明是否已有".to_owned(), None)
        }
        StoreError::Io { place, source } => {
            en = format!("{en}: {source}");
            let folder = source.kind() == std::io::ErrorKind::IsADirectory;
            let hint =
                Words::new("a book is one file: name the file", "账簿是一个文件：请写到文件名为止");
            (format!("「{place}」无法使用：{}", io_zh(source)), folder.then_some(hint))
        }
        StoreError::Other { what } => (format!("账簿存储出错：数据库报告「{what}」"), None),
    };
    (Words::new(en, zh), hint)
}

/// Why a store allows no writing.
fn refused_zh(what: &str) -> String {
    if what.contains("readonly database") {
        return "文件或其所在文件夹为只读".to_owned();
    }
    match what.strip_prefix("permission denied for ") {
        Some(of) => format!("所用的数据库角色没有权限（{of}）"),
        None => format!("数据库报告「{what}」"),
    }
}

/// Why a server's certificate is not trusted; else the system's own words.
fn untrusted_zh(what: &str) -> String {
    let Some(why) = what.strip_prefix("its certificate: ") else { return what.to_owned() };
    let known = [
        ("certificate has expired", "已过期"),
        ("certificate is not yet valid", "尚未生效"),
        ("self-signed certificate", "为自签名"),
        ("self-signed certificate in certificate chain", "签发者不受信任"),
        ("unable to get local issuer certificate", "签发者不受信任"),
        ("hostname mismatch", "所写主机名不符"),
        ("IP address mismatch", "所写 IP 地址不符"),
    ];
    let zh = known.iter().find(|(en, _)| *en == why).map_or(why, |(_, zh)| *zh);
    format!("其证书{zh}")
}

/// What is wrong with a schema.
fn schema_zh(what: &str) -> String {
    match what {
        "`fenshui_book.book` does not tell its layout" => {
            "fenshui_book.book 未载布局版本".to_owned()
        }
        other => format!("数据库报告「{other}」"),
    }
}

/// Why a key file cannot be used.
pub fn key_words(error: &KeyError) -> Words {
    let zh = match error {
        KeyError::Exists { file } => format!("已有文件「{file}」"),
        KeyError::Io { file, source } => {
            return Words::new(
                format!("{error}: {source}"),
                format!("密钥文件「{file}」无法使用：{}", io_zh(source)),
            );
        }
        KeyError::ReadByOthers { file, mode } => {
            format!("他人可读密钥文件「{file}」（权限 {mode:o}）：请执行 chmod 600")
        }
        KeyError::NotAKey { file } => format!("「{file}」不是密钥文件"),
        KeyError::PassphraseWanted { file } => format!("「{file}」中的密钥有口令保护"),
        KeyError::WrongPassphrase { file } => format!("口令不是「{file}」中密钥的口令"),
    };
    Words::new(error.to_string(), zh)
}

/// What to do about a key file that cannot be used.
pub fn key_hint(error: &KeyError) -> Option<Words> {
    match error {
        KeyError::PassphraseWanted { .. } => Some(Words::new(
            "it is asked for on a terminal; else give it by `--passphrase-file FILE` or in \
             FENSHUI_PASSPHRASE",
            "在终端上会询问口令；否则请用 --passphrase-file 文件 或 FENSHUI_PASSPHRASE 提供",
        )),
        KeyError::Exists { .. } => Some(Words::new(
            "name another: a key is written over no file",
            "请另指定文件：密钥不会覆盖任何文件",
        )),
        KeyError::NotAKey { .. } => Some(Words::new(
            "`fenshui book key new FILE --name NAME` makes one",
            "用 fenshui book key new 文件 --name 名称 生成",
        )),
        KeyError::Io { .. } | KeyError::ReadByOthers { .. } | KeyError::WrongPassphrase { .. } => {
            None
        }
    }
}

/// Why a note or checkpoint is none.
pub fn note_words(error: &NoteError) -> Words {
    let zh = match error {
        NoteError::NotANote(what) => format!("不是带签名的文本：{}", flaw_zh(what)),
        NoteError::NotACheckpoint(what) => format!("不是检查点：{}", flaw_zh(what)),
        NoteError::NotAKey(text) => format!("「{text}」不是验证密钥"),
        NoteError::FalseSignature(name) => format!("「{name}」的签名是假的"),
        NoteError::NotSigned => "可采信的密钥均未签名".to_owned(),
        NoteError::OtherBook(name) => format!("属于另一账簿「{name}」"),
        NoteError::OutOfTerm(key) => {
            format!("由「{key}」签名，该密钥在此条数时不为本账簿签名")
        }
    };
    let en = match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    Words::new(en, zh)
}

/// What is wrong with a note.
fn flaw_zh(what: &str) -> &str {
    match what {
        "it has control characters" => "含有控制字符",
        "no blank line" => "没有空行",
        "no signature stands in it" => "其中没有签名",
        "its last line has no end" => "最后一行没有换行",
        "a signature begins with a dash" => "签名行应以破折号开头",
        "a signature has two parts" => "签名行应有两部分",
        "not base64" => "不是 base64",
        "too short" => "过短",
        "it has no origin" => "没有账簿名",
        "it has no size" => "没有条数",
        "its size is no number" => "条数不是数字",
        "it has no root" => "没有树根",
        "its root is no digest" => "树根不是摘要",
        other => other,
    }
}

/// Why the system refuses a file, in the words that are known.
fn io_zh(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "没有这个文件".to_owned(),
        ErrorKind::PermissionDenied => "没有权限".to_owned(),
        ErrorKind::AlreadyExists => "已存在".to_owned(),
        ErrorKind::IsADirectory => "这是文件夹".to_owned(),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "磁盘已满".to_owned(),
        ErrorKind::ReadOnlyFilesystem => "磁盘只读".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::{Checkpoint, Note};

    #[test]
    fn what_is_wrong_with_a_note_is_told_in_chinese() {
        for text in [
            "no blank line",
            "a\u{1}b\n\n— a b\n",
            "a\n\n— a AAAAAAAA",
            "a\n\na AAAAAAAA\n",
            "a\n\n— aAAAAAAAA\n",
            "a\n\n— a ~\n",
            "a\n\n— a AAAA\n",
            "\n1\nAA\n\n— a AAAAAAAA\n",
            "a\n\n— a AAAAAAAA\n",
            "a\n01\nAA\n\n— a AAAAAAAA\n",
            "a\n1\n\n— a AAAAAAAA\n",
            "a\n1\nAA\n\n— a AAAAAAAA\n",
        ] {
            let error = Note::parse(text).and_then(|note| Checkpoint::of(&note)).unwrap_err();
            let zh = note_words(&error).zh.replace("base64", "");
            assert!(!zh.contains(|letter: char| letter.is_ascii_alphabetic()), "{text:?}: {zh}");
        }
    }
}
