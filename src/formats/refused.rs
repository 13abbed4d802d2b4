//! Why the system refused something, in words.

use std::io::{self, ErrorKind};

use crate::diagnostics::Words;

use super::error::Doing;

/// What to do about it, where there is more to say than why.
pub(super) fn refusal_hint(doing: Doing, kind: ErrorKind) -> Option<Words> {
    let (en, zh) = match (doing, kind) {
        (Doing::Reading, ErrorKind::NotFound) => (
            "is it spelled so? names are looked for from the folder where the command runs",
            "请核对文件名；相对路径从运行命令的目录算起",
        ),
        (_, ErrorKind::NotADirectory) => (
            "of `a/b`, `a` must be a folder, and no `/` stands behind the name of a file",
            "a/b 中的 a 必须是文件夹，文件名后不加 /",
        ),
        (Doing::Reading, ErrorKind::PermissionDenied) => (
            "ask its owner to let you read it, or for a copy",
            "请向文件所有者申请读取权限，或索取副本",
        ),
        (Doing::Reading, ErrorKind::UnexpectedEof | ErrorKind::InvalidData) => (
            "was it copied to the end? `gzip -t` or `zstd -t` tests it; no output was written",
            "是否复制完整？可用 gzip -t 或 zstd -t 检验；未写出任何结果",
        ),
        (Doing::Writing, ErrorKind::InvalidInput) => {
            ("name a file, or `-` for the standard output", "请写出文件名，或用 - 表示标准输出")
        }
        (Doing::Writing, ErrorKind::NotFound) => {
            ("make the folder first, or name another one", "请先建立该文件夹，或另选一个文件夹")
        }
        (
            Doing::Writing,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem | ErrorKind::QuotaExceeded,
        ) => (
            "name a file in a folder where you may write; no output file was left half written",
            "请改写到有写入权限的文件夹；没有留下写了一半的文件",
        ),
        (Doing::Writing, ErrorKind::StorageFull) => (
            "free some space and run again; no output file was left half written",
            "请腾出空间后重新运行；没有留下写了一半的文件",
        ),
        _ => return None,
    };
    Some(Words::new(en, zh))
}

/// Why the system refused to read or to write a file.
pub(super) fn refusal(doing: Doing, source: &io::Error) -> Words {
    let reading = doing == Doing::Reading;
    let (en, zh) = match source.kind() {
        ErrorKind::NotFound if reading => ("there is no such file", "没有这个文件"),
        ErrorKind::NotFound => ("its folder does not exist", "所在的文件夹不存在"),
        ErrorKind::PermissionDenied => ("permission is denied", "没有权限"),
        ErrorKind::StorageFull => ("the disk is full", "磁盘已满"),
        ErrorKind::QuotaExceeded => ("the space allotted is used up", "磁盘配额已用尽"),
        ErrorKind::FileTooLarge => (
            "a file may not grow further here (see `ulimit -f`)",
            "文件大小已达上限（见 ulimit -f）",
        ),
        ErrorKind::InvalidInput => ("that is no name of a file", "这不是文件名"),
        ErrorKind::IsADirectory => ("it is a folder", "这是文件夹"),
        ErrorKind::NotADirectory => ("a part of its path is no folder", "路径中有一部分不是文件夹"),
        ErrorKind::InvalidFilename => ("its name is too long", "文件名过长"),
        ErrorKind::UnexpectedEof if reading => {
            ("it is packed, and cut off before its end", "压缩文件不完整，结尾缺失")
        }
        ErrorKind::InvalidData if reading => ("it is packed, and damaged", "压缩文件已损坏"),
        ErrorKind::ReadOnlyFilesystem => ("the disk is read-only", "磁盘只读"),
        ErrorKind::StaleNetworkFileHandle | ErrorKind::TimedOut | ErrorKind::HostUnreachable => {
            ("the server that keeps it does not answer", "文件服务器没有响应")
        }
        ErrorKind::ResourceBusy | ErrorKind::ExecutableFileBusy => ("it is in use", "文件正被占用"),
        ErrorKind::OutOfMemory => ("there is not enough memory", "内存不足"),
        _ => {
            let said = source.to_string();
            return Words::new(format!("the system says: {said}"), format!("系统报告：{said}"));
        }
    };
    Words::new(en, zh)
}
