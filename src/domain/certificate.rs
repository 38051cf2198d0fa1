//! When the certificate of the page ends, and whether somebody should see to that.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Moment;

/// Renewing a certificate takes people some days.
const SOON: Duration = Duration::from_hours(30 * 24);
/// Those that are made by a program live shorter, and are renewed when so much of their life is left.
const LAST_PART: u32 = 3;

/// From when to when a certificate holds, as it says itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// When it begins.
    pub from: Moment,
    /// When it ends.
    pub until: Moment,
}

/// How a certificate is, at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// When it ends.
    pub ends_at: Moment,
    /// Whether it has ended, or soon does.
    pub state: CertificateState,
}

/// Whether a certificate is to be renewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::VariantArray)]
#[serde(rename_all = "kebab-case")]
pub enum CertificateState {
    /// Not yet.
    Ok,
    /// It ends so soon that it should be.
    EndsSoon,
    /// It has ended: browsers refuse the page.
    Ended,
}

impl Validity {
    /// Since when it should be renewed: for the last 30 days of its life, or for its last third, if that is less.
    #[must_use]
    pub fn renewable_from(self) -> Moment {
        self.until.minus(SOON.min(self.until.since(self.from) / LAST_PART))
    }

    /// How it is at this moment.
    #[must_use]
    pub fn at(self, now: Moment) -> Certificate {
        let state = if now >= self.until {
            CertificateState::Ended
        } else if now >= self.renewable_from() {
            CertificateState::EndsSoon
        } else {
            CertificateState::Ok
        };
        Certificate { ends_at: self.until, state }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_ends_soon_in_its_last_month_or_its_last_third() {
        let day = |days: u32| Moment::from_millis(0).plus(Duration::from_hours(24) * days);
        let year = Validity { from: day(0), until: day(365) };
        let week = Validity { from: day(0), until: day(9) };
        for (certificate, today, state) in [
            (year, 334, CertificateState::Ok),
            (year, 335, CertificateState::EndsSoon),
            (year, 364, CertificateState::EndsSoon),
            (year, 365, CertificateState::Ended),
            (week, 5, CertificateState::Ok),
            (week, 6, CertificateState::EndsSoon),
            (week, 9, CertificateState::Ended),
            // One that is upside down has ended, or has not; it is never near its end.
            (Validity { from: day(9), until: day(3) }, 2, CertificateState::Ok),
        ] {
            let Certificate { ends_at, state: found } = certificate.at(day(today));
            assert_eq!((ends_at, found), (certificate.until, state), "{certificate:?} on day {today}");
        }
    }
}
