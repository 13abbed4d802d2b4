//! Why the system refused something, in words.

use std::io::{self, ErrorKind};

use crate::diagnostics::Words;

use super::error::Doing;

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
