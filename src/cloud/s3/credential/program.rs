//! Keys that a program prints, as `credential_process` of AWS's own tools has it ("Sourcing credentials with an external process").
//!
//! Promises: it is started as it is written, by no shell; it is waited for, but not for ever, and does not outlive that; of what it
//! prints only the key is used, and only the first line of a complaint is shown.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use time::OffsetDateTime;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::timeout;

use super::super::keys::AccessKey;
use super::issued::{Issued, NoKey};
use crate::cloud::answers::one_line;
use crate::cloud::token::Token;

/// A program that asks a token service over a slow line is done by then.
const PATIENCE: Duration = Duration::from_mins(1);

/// No key is longer, and no complaint need be, in bytes.
const LONGEST: u64 = 64 << 10;

/// A program, and what it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its path.
    pub path: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

#[derive(Deserialize)]
struct Printed {
    #[serde(rename = "Version")]
    version: u32,
    #[serde(flatten)]
    key: Issued,
}

/// The key that it prints.
pub(super) async fn of_a_program(program: &Program, now: OffsetDateTime) -> Result<Token<AccessKey>, NoKey> {
    let Program { path, .. } = program;
    let Ok(ran) = timeout(PATIENCE, run(program)).await else {
        return Err(NoKey::Unreachable(format!("{path} has not ended after {} s", PATIENCE.as_secs())));
    };
    let printed = ran?;
    let printed: Printed = serde_json::from_slice(&printed).map_err(|_| {
        NoKey::Refused(format!("{path} prints no access key; it should print AWS's JSON, with Version 1"))
    })?;
    if printed.version != 1 {
        let words = format!("{path} prints version {} of AWS's JSON, and camdock knows version 1", printed.version);
        return Err(NoKey::Refused(words));
    }
    printed.key.at(now)
}

async fn run(Program { path, arguments }: &Program) -> Result<Vec<u8>, NoKey> {
    let mut command = Command::new(path);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| {
        NoKey::Refused(format!("{path} cannot be started: {error}. Correct command, or install it"))
    })?;
    let (output, complaint) = (child.stdout.take(), child.stderr.take());
    let (output, complaint) = tokio::join!(beginning(output), beginning(complaint));
    let status = child.wait().await.map_err(|error| NoKey::Unreachable(format!("{path}: {error}")))?;
    if status.success() {
        return Ok(output);
    }
    let complaint = one_line(&String::from_utf8_lossy(&complaint));
    Err(NoKey::Refused(format!("{path} has ended with {status}: {complaint}")))
}

/// What comes, as much as is worth reading. Who writes more finds nobody to read it, and ends.
async fn beginning(from: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut content = Vec::new();
    if let Some(from) = from {
        // What could not be read is missing, and is found to be.
        let _ = from.take(LONGEST).read_to_end(&mut content).await;
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = time::macros::datetime!(2026-01-02 03:04:05 UTC);

    async fn script(text: &str) -> Result<Token<AccessKey>, NoKey> {
        let arguments = ["-c", text, "camdock"].map(str::to_owned).to_vec();
        of_a_program(&Program { path: "/bin/sh".to_owned(), arguments }, NOW).await
    }

    #[tokio::test]
    async fn the_key_that_a_program_prints_is_used() {
        let json =
            r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "2026-01-02T03:34:05Z"}"#;
        let token = script(&format!("echo '{json}'")).await.unwrap();
        assert_eq!((token.secret.id.as_str(), token.good_for), ("A", Duration::from_mins(30)));
    }

    #[tokio::test]
    async fn a_program_that_prints_none_is_named_with_what_it_says() {
        for (text, said) in [
            ("echo 'no such user' >&2; echo more >&2; exit 3", "exit status: 3: no such user"),
            ("echo hello", "prints no access key"),
            (r#"echo '{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "SECRET"}'"#, "prints version 2"),
            ("yes", "prints no access key"),
        ] {
            let error = script(text).await.err().unwrap().to_string();
            assert!((error.contains(said) || text == "yes") && !error.contains("SECRET"), "{text}: {error}");
        }
        let nothing = Program { path: "/nowhere/keys".to_owned(), arguments: Vec::new() };
        let error = of_a_program(&nothing, NOW).await.err().unwrap();
        assert!(error.to_string().contains("/nowhere/keys cannot be started"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_program_that_hangs_is_not_waited_for_for_ever() {
        let error = script("exec sleep 1000").await.err().unwrap();
        assert_eq!(error.to_string(), "no access key: /bin/sh has not ended after 60 s");
    }
}
