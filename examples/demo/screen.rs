//! Showing the bays while the station works: bars on a terminal, else a line for each change.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use camdock::config::Config;
use camdock::domain::{BayName, BaySnapshot, BayState, ByteCount, CameraSerial};
use camdock::ledger::{DeliveryState, Explanation, LEDGER_FILE, Ledger, LedgerError, Removal};
use camdock::words::Words;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

/// Cells of a bar.
const WIDTH: u64 = 24;
/// Asking the ledger takes a twentieth of the time at most.
const RESTRAINT: u32 = 20;

/// How far a camera's bytes have come; each includes the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Progress {
    pub(super) copied: ByteCount,
    pub(super) proven: ByteCount,
    pub(super) wiped: ByteCount,
}

impl Progress {
    fn of(segments: &[Explanation]) -> Self {
        let bytes = |counts: &dyn Fn(&&Explanation) -> bool| {
            segments.iter().filter(counts).map(|explained| explained.segment.fingerprint.size).sum()
        };
        let proven = |explained: &&Explanation| {
            !explained.copies.is_empty() && explained.copies.iter().all(|copy| copy.state == DeliveryState::Proven)
        };
        Self {
            copied: bytes(&|_| true),
            proven: bytes(&proven),
            wiped: bytes(&|explained| explained.gone.is_some_and(|gone| gone.how != Removal::NotByCamdock)),
        }
    }

    fn bar(self, total: ByteCount) -> String {
        let cells = |bytes: ByteCount| {
            if bytes >= total { WIDTH } else { bytes.get().saturating_mul(WIDTH).div_euclid(total.get().max(1)) }
        };
        let (wiped, proven, copied) = (cells(self.wiped), cells(self.proven), cells(self.copied));
        (0..WIDTH)
            .map(|cell| match cell {
                _ if cell < wiped => '█',
                _ if cell < proven => '▓',
                _ if cell < copied => '▒',
                _ => '░',
            })
            .collect()
    }
}

/// Follows the cameras' bytes in the ledger.
pub(super) struct Tally {
    ledger: Ledger,
    cameras: BTreeMap<CameraSerial, Progress>,
    next: Instant,
}

impl Tally {
    /// The ledger must exist.
    pub(super) fn new(config: &Config) -> Result<Self, LedgerError> {
        let ledger = Ledger::look_only(&config.station.data_dir.join(LEDGER_FILE))?;
        Ok(Self { ledger, cameras: BTreeMap::new(), next: Instant::now() })
    }

    pub(super) async fn look<'a>(
        &mut self,
        cameras: impl Iterator<Item = &'a CameraSerial>,
    ) -> Result<&BTreeMap<CameraSerial, Progress>, LedgerError> {
        let began = Instant::now();
        if began >= self.next {
            for camera in cameras {
                self.cameras.insert(camera.clone(), Progress::of(&self.ledger.explain(camera).await?));
            }
            self.next = Instant::now() + began.elapsed() * RESTRAINT;
        }
        Ok(&self.cameras)
    }
}

/// A bay and the camera that is meant for it.
pub(super) struct Row<'a> {
    pub(super) bay: &'a BaySnapshot,
    pub(super) camera: Option<(&'a CameraSerial, ByteCount, Progress)>,
}

/// What people watch.
pub(super) enum Screen {
    Bars { bars: Vec<ProgressBar>, below: ProgressBar, _all: MultiProgress },
    Lines { said: BTreeMap<BayName, (BayState, Option<CameraSerial>)>, began: Instant },
}

impl Screen {
    pub(super) fn new(lines: usize) -> Self {
        if !std::io::stdout().is_terminal() {
            return Self::Lines { said: BTreeMap::new(), began: Instant::now() };
        }
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let bars = (0..lines).map(|_| all.add(ProgressBar::new_spinner())).collect();
        let below = all.add(ProgressBar::new_spinner().with_style(style("{wide_msg:.dim}")));
        below.set_message("░ on the camera   ▒ copied to the spool   ▓ proven at the destination   █ wiped");
        Self::Bars { bars, below, _all: all }
    }

    pub(super) fn show(&mut self, rows: &[Row<'_>]) -> std::io::Result<()> {
        match self {
            Self::Bars { bars, .. } => {
                for (bar, row) in bars.iter().zip(rows) {
                    bar.set_style(style(match row.bay.state() {
                        BayState::Ready => "{wide_msg:.green}",
                        BayState::Attention | BayState::Refused => "{wide_msg:.red}",
                        _ => "{wide_msg}",
                    }));
                    bar.set_message(line(row, columns()));
                }
                Ok(())
            }
            Self::Lines { said, began } => {
                for bay in rows.iter().map(|row| row.bay) {
                    let now = (bay.state(), bay.camera.clone());
                    if said.get(&bay.name).unwrap_or(&(BayState::Empty, None)) == &now {
                        continue;
                    }
                    let camera = bay.camera.as_ref().map_or("", CameraSerial::as_str);
                    let (name, state, seconds) = (bay.name.as_str(), bay.state(), began.elapsed().as_secs_f64());
                    writeln!(
                        std::io::stdout(),
                        "{seconds:6.1} s  bay {name}  {camera:<8}  {state:<11}  {}",
                        Words::english().say(bay.notice.clone())
                    )?;
                    said.insert(bay.name.clone(), now);
                }
                Ok(())
            }
        }
    }

    /// Leaves the bars as they are, and the legend out.
    pub(super) fn finish(self) {
        if let Self::Bars { bars, below, .. } = self {
            below.finish_and_clear();
            bars.iter().for_each(ProgressBar::abandon);
        }
    }
}

/// A bar for something that takes a few seconds; invisible where there is no terminal.
pub(super) fn short_bar(what: &str, total: ByteCount) -> ProgressBar {
    let target =
        if std::io::stdout().is_terminal() { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(total.get()), target);
    bar.set_style(style("{msg}  {bar:24.cyan}  {binary_bytes} of {binary_total_bytes}"));
    bar.enable_steady_tick(Duration::from_millis(100));
    bar.set_message(what.to_owned());
    bar
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner()).progress_chars("█▉░")
}

fn columns() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout()).map_or(80, |size| usize::from(size.ws_col))
}

/// The message is shown where it fits as a whole.
fn line(row: &Row<'_>, columns: usize) -> String {
    let (name, state) = (row.bay.name.as_str(), row.bay.state());
    let Some((camera, total, progress)) = row.camera.filter(|_| row.bay.camera.is_some()) else {
        return format!("bay {name}  {:<8}  {state}", "");
    };
    let bytes = match state {
        BayState::Uploading => format!("{} of {total} proven", progress.proven),
        BayState::Wiping | BayState::Charging | BayState::Ready => format!("{} of {total} wiped", progress.wiped),
        _ => format!("{} of {total} copied", progress.copied),
    };
    let (camera, bar) = (camera.as_str(), progress.bar(total));
    let short = format!("bay {name}  {camera:<8}  {state:<11}  {bar}  {bytes:<28}");
    let long = format!("{short}  {}", Words::english().say(row.bay.notice.clone()));
    if long.chars().count() < columns { long } else { short }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_shows_how_far_the_bytes_have_come() {
        let bytes = ByteCount::new;
        let progress = Progress { copied: bytes(24), proven: bytes(12), wiped: bytes(6) };
        assert_eq!(progress.bar(bytes(24)), "██████▓▓▓▓▓▓▒▒▒▒▒▒▒▒▒▒▒▒");
        assert_eq!(Progress::default().bar(bytes(24)), "░░░░░░░░░░░░░░░░░░░░░░░░");
        assert_eq!(Progress::default().bar(bytes(0)), "████████████████████████", "nothing is left to be done");
    }
}
