//! A file that is forced to its disk while it is still being written.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Forces what has been written of a file to its disk, beside the writing, so that little is left to
/// wait for at the end.
#[derive(Debug)]
pub struct Forcing {
    told: SyncSender<()>,
    thread: JoinHandle<io::Result<()>>,
    /// Bytes written since the thread was told last.
    since: usize,
}

/// After so many bytes.
const EVERY: usize = 1 << 23;

impl Forcing {
    /// Of a file that may be kept open by others too: it is closed by the last of them.
    ///
    /// # Errors
    /// No thread can be had.
    pub fn new(file: Arc<File>) -> io::Result<Forcing> {
        let (told, asked) = sync_channel(1);
        let force = move || asked.iter().try_for_each(|()| file.sync_data());
        Ok(Forcing { told, thread: std::thread::Builder::new().spawn(force)?, since: 0 })
    }

    /// Notes that so many bytes more have been written.
    pub fn written(&mut self, bytes: usize) {
        self.since += bytes;
        // If it is still busy, or has failed, that is said at the end.
        if self.since >= EVERY && self.told.try_send(()).is_ok() {
            self.since = 0;
        }
    }

    /// Waits until it forces no more.
    ///
    /// # Errors
    /// What the disk said.
    pub fn finish(self) -> io::Result<()> {
        let Forcing { told, thread, .. } = self;
        drop(told);
        // A bug there is one here.
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}
