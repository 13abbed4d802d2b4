//! The way to the server: what an address says, and that nobody reads along.

use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use native_tls::{Certificate, TlsConnector};
use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use postgres_native_tls::MakeTlsConnector;

use crate::book::store::StoreError;

use super::refusal::{at_the_door, is_refused, words};

/// Whether it is held whom one speaks to, by the names that PostgreSQL's own programs give `sslmode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    /// Not: what is encrypted is so for whoever answers.
    Nobody,
    /// A certificate that an issuer one trusts has signed: `verify-ca`.
    Issuer,
    /// And it names the host of the address: `verify-full`.
    Host,
}

/// What `sslmode` may be.
const MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// What an address says.
struct Address {
    config: Config,
    held: Held,
    /// A file of certificates of issuers: `sslrootcert`.
    issuers: Option<PathBuf>,
}

/// Connects to the server of an address. With no word of it, what is said is encrypted where the server
/// offers that.
pub(super) fn connect(address: &str) -> Result<(Client, String), StoreError> {
    let address = Address::read(address)?;
    let mut config = address.config.clone();
    let database = config.get_dbname().unwrap_or_default().to_owned();
    config.application_name("fenshui");
    // What stays on the machine is not encrypted, as PostgreSQL's own programs have it.
    if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
        config.ssl_mode(SslMode::Disable);
    }
    let encryption = address.encryption()?;
    let client = within(config.get_connect_timeout().copied().unwrap_or(PATIENCE), move || {
        match config.connect(encryption) {
            // Some servers let nobody in who encrypts.
            Err(error) if config.get_ssl_mode() == SslMode::Prefer && is_refused(&error) => {
                config.ssl_mode(SslMode::Disable).connect(NoTls).map_err(|_| error)
            }
            connected => connected,
        }
    })?;
    Ok((client.map_err(|error| at_the_door(&error))?, database))
}

/// How long a server is waited for, where the address says nothing of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What comes of something within a time. The library itself stops waiting for a way to the server alone, and
/// not for one who lets everybody in and says nothing.
fn within<T: Send + 'static>(
    time: Duration,
    what: impl FnOnce() -> T + Send + 'static,
) -> Result<T, StoreError> {
    let (sender, receiver) = mpsc::channel();
    // Nobody listens any more to what comes too late.
    let spawned = thread::Builder::new().spawn(move || sender.send(what()));
    spawned.map_err(|error| StoreError::Unreachable { what: error.to_string() })?;
    receiver.recv_timeout(time).map_err(|_| StoreError::Silent { seconds: time.as_secs() })
}

impl Address {
    fn read(address: &str) -> Result<Address, StoreError> {
        let bad = |what: String| StoreError::BadAddress { what };
        let (place, said) = address.split_once('?').unwrap_or((address, ""));
        let (mut others, mut mode, mut issuers) = (Vec::new(), None, None);
        for pair in said.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", value)) => mode = Some(value),
                Some(("sslrootcert", file)) => {
                    let file = percent_decode_str(file).decode_utf8();
                    issuers = Some(file.map_err(|_| bad(format!("`{pair}`")))?.into_owned().into());
                }
                _ => others.push(pair.to_owned()),
            }
        }
        if let Some(mode) = mode.filter(|mode| !MODES.contains(mode)) {
            let known = MODES.map(|mode| format!("`{mode}`")).join(", ");
            return Err(bad(format!("`sslmode={mode}` is none of {known}")));
        }
        let (mode, held) = match mode {
            Some("verify-full") => (Some("require"), Held::Host),
            Some("verify-ca") => (Some("require"), Held::Issuer),
            // As its own programs do: a file of issuers is there to be held against.
            Some("require") if issuers.is_some() => (mode, Held::Issuer),
            _ => (mode, Held::Nobody),
        };
        others.extend(mode.map(|mode| format!("sslmode={mode}")));
        let address = match others.is_empty() {
            true => place.to_owned(),
            false => format!("{place}?{}", others.join("&")),
        };
        let config = address.parse().map_err(|error: postgres::Error| bad(words(&error)))?;
        Ok(Address { config, held, issuers })
    }

    fn encryption(&self) -> Result<MakeTlsConnector, StoreError> {
        let failed =
            |error: native_tls::Error| StoreError::NotEncrypted { what: error.to_string() };
        let mut made = TlsConnector::builder();
        made.danger_accept_invalid_certs(self.held == Held::Nobody);
        made.danger_accept_invalid_hostnames(self.held != Held::Host);
        if let Some(file) = &self.issuers {
            let place = file.display().to_string();
            let none = |error| StoreError::NotEncrypted { what: format!("`{place}`: {error}") };
            #[expect(clippy::disallowed_methods, reason = "the store's own, as its files are")]
            let read = fs::read(file).map_err(none)?;
            let issuers = Certificate::stack_from_pem(&read).map_err(failed)?;
            if issuers.is_empty() {
                return Err(StoreError::NotEncrypted {
                    what: format!("no certificate in `{place}`"),
                });
            }
            made.disable_built_in_roots(true);
            for issuer in issuers {
                made.add_root_certificate(issuer);
            }
        }
        Ok(MakeTlsConnector::new(made.build().map_err(failed)?))
    }
}
