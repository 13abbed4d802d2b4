//! Results to the standard output, messages to the standard error.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

use crate::app::Library;
use crate::diagnostics::{Language, Words};
use crate::formats::is_told;

use super::args::Global;
use super::exit::{Exit, Stop};
use super::language::{Color, variable};
use super::rules::library;

/// How to speak to the user, and where to look for rules.
#[derive(Debug)]
pub(super) struct Console {
    pub(super) language: Language,
    pub(super) color: Color,
    pub(super) library: Library,
    pub(super) quiet: bool,
    /// How many threads may work.
    pub(super) threads: usize,
    /// Set by Ctrl-C, once [`mind_interrupts`](Console::mind_interrupts) has been called.
    pub(super) interrupted: Arc<AtomicBool>,
    /// Whether Ctrl-C ends the program at once, after something was asked for.
    ends: Arc<AtomicBool>,
    /// Whether it is looked at.
    asked: Once,
}

impl Console {
    pub(super) fn new(global: &Global, language: Language) -> Console {
        let folders: &[PathBuf] = &global.library;
        let threads = global.threads.map_or_else(cores, usize::from);
        let (color, quiet) = (global.color, global.quiet);
        let interrupted = Arc::default();
        let (ends, asked) = (Arc::default(), Once::new());
        let library = library(folders);
        Console { language, color, library, quiet, threads, interrupted, ends, asked }
    }

    /// Takes what the environment says where no flag does.
    ///
    /// # Errors
    /// It says something impossible.
    pub(super) fn heed_environment(&mut self, global: &Global) -> Result<(), Stop> {
        let epoch = variable("SOURCE_DATE_EPOCH");
        if let Some(text) = epoch.filter(|text| text.parse::<i64>().is_err()) {
            return Err(Stop::error(
                Words::new(
                    format!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"),
                    format!("环境变量 SOURCE_DATE_EPOCH 为「{text}」，不是秒数"),
                ),
                Some(Words::new(
                    "a whole number of seconds since 1970, or nothing",
                    "应为自 1970 年起的整秒数，或不设",
                )),
            ));
        }
        let variable = variable("FENSHUI_THREADS").filter(|_| global.threads.is_none());
        let Some(text) = variable else { return Ok(()) };
        match text.parse() {
            Ok(threads) if threads > 0 => {
                self.threads = threads;
                Ok(())
            }
            _ => Err(Stop::error(
                Words::new(
                    format!("FENSHUI_THREADS is `{text}`, which is no number of threads"),
                    format!("环境变量 FENSHUI_THREADS 为「{text}」，不是线程数"),
                ),
                Some(Words::new("a whole number from 1 on", "应为不小于 1 的整数")),
            )),
        }
    }

    /// From here on Ctrl-C lets the run end by itself, so that it can clear away what it has begun;
    /// a second one ends it at once. So does a terminal that is closed, unless the run is to outlive
    /// it (`nohup`).
    pub(super) fn mind_interrupts(&self) {
        let code = i32::from(Exit::INTERRUPTED);
        let hung_up = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        for signal in [SIGINT, SIGTERM].into_iter().chain(hung_up) {
            // Where the system allows no such thing the program simply ends, as it would have.
            let second =
                flag::register_conditional_shutdown(signal, code, self.interrupted.clone());
            let _ = second.and_then(|_| flag::register(signal, self.interrupted.clone()));
        }
    }

    /// Asks for something on a terminal that does not show it: Ctrl-C goes to whoever asks, so that he
    /// puts the terminal right again. Once he has, it ends the program as ever; so does a second one.
    pub(super) fn ask<T>(&self, ask: impl FnOnce() -> T) -> T {
        let code = i32::from(Exit::INTERRUPTED);
        self.ends.store(false, Ordering::Relaxed);
        self.asked.call_once(|| {
            let second = flag::register_conditional_shutdown(SIGINT, code, self.ends.clone());
            let _ = second.and_then(|_| flag::register(SIGINT, self.ends.clone()));
        });
        let told = ask();
        self.ends.store(true, Ordering::Relaxed);
        told
    }

    /// One of the two languages.
    pub(super) fn pick<'a>(&self, en: &'a str, zh: &'a str) -> &'a str {
        match self.language {
            Language::English => en,
            Language::Chinese => zh,
        }
    }

    /// Says something on the standard error. Nobody listening there is no reason to stop.
    pub(super) fn message(&self, text: &str) {
        let mut err = std::io::stderr().lock();
        let _ = err.write_all(text.as_bytes());
        if !text.ends_with('\n') {
            let _ = err.write_all(b"\n");
        }
    }

    /// Says something that is no result and no error, unless asked to be quiet.
    pub(super) fn note(&self, words: &Words) {
        if !self.quiet {
            let note = self.pick("note: ", "说明：");
            self.message(&format!("{note}{}", words.in_language(self.language)));
        }
    }

    /// Prints the answer about something that the book has by now.
    pub(super) fn print_kept(&self, text: &str) -> Result<(), Stop> {
        self.print(text).inspect_err(|stop| {
            if !matches!(stop, Stop::Closed) {
                self.message(self.pick(
                    "note: the book has what was asked for; the answer alone could not be written",
                    "说明：账簿已写入，只是答复未能写出",
                ));
            }
        })
    }

    /// Prints a result.
    pub(super) fn print(&self, text: &str) -> Result<(), Stop> {
        let mut out = std::io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        written.map_err(|error| match error.kind() {
            std::io::ErrorKind::BrokenPipe => Stop::Closed,
            _ => {
                crate::formats::FormatsError::writing(crate::formats::STANDARD_OUTPUT, error).into()
            }
        })
    }
}

/// From here on a file that may grow no further is an error of whoever writes it, and not the end of
/// the program.
pub(super) fn mind_limits() {
    // Nobody asks whether it came. Where the system allows no such thing all is as it was.
    let _ = flag::register(SIGXFSZ, Arc::default());
}

/// From here on a panic that is told as an error is told no second time.
pub(super) fn mind_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !is_told() {
            usual(panic);
        }
    }));
}

/// Whether whoever started the program wants it not to heed a signal, where the system tells that.
fn is_ignored(signal: i32) -> bool {
    #[expect(
        clippy::disallowed_methods,
        reason = "what the system tells of the program is no file"
    )]
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits >> (signal - 1) & 1 == 1)
}

/// A thread for each core.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
