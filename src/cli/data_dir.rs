//! `camdock data-dir`: where evidence may lie, as the package's scripts ask when camdock is removed. Not for people, so not
//! in the help.

use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Outcome;

pub(super) fn run(data_dir: &Path) -> anyhow::Result<Outcome> {
    let mut out = std::io::stdout().lock();
    out.write_all(data_dir.as_os_str().as_bytes())?;
    writeln!(out)?;
    Ok(Outcome::Fine)
}
