//! When it is told that the certificate of the page ends: once it should be renewed, and again when little time is left. So the journal
//! has a few lines of it, however long nobody does anything.

use std::time::Duration;

use crate::domain::{CertificateState, Moment, StationNotice, Validity};

const DAY: Duration = Duration::from_hours(24);
/// It is told again when so many days are left.
const DAYS_LEFT: [u32; 5] = [14, 7, 3, 2, 1];

/// What was told of which certificate.
#[derive(Debug, Default)]
pub(super) struct Reminder {
    /// The latest one, and when it was looked at last.
    seen: Option<(Validity, Moment)>,
}

impl Reminder {
    /// What is to be told of a certificate now, if anything is.
    pub(super) fn news(&mut self, certificate: Validity, now: Moment) -> Option<StationNotice> {
        let before = self.seen.replace((certificate, now)).filter(|(known, _)| *known == certificate);
        if certificate.at(now).state != CertificateState::EndsSoon {
            return None;
        }
        let renewable = certificate.renewable_from();
        let later = DAYS_LEFT.map(|days| certificate.until.minus(DAY * days));
        let times = [renewable].into_iter().chain(later.into_iter().filter(|time| *time > renewable));
        let is_new = |time: Moment| time <= now && before.is_none_or(|(_, looked)| time > looked);
        times.into_iter().any(is_new).then_some(StationNotice::CertificateEnds { at: certificate.until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: u32) -> Moment {
        Moment::from_millis(0).plus(DAY * number)
    }

    /// On which days it is told, if it is looked every day from one to another.
    fn told(reminder: &mut Reminder, certificate: Validity, from: u32, to: u32) -> Vec<u32> {
        (from..to).filter(|today| reminder.news(certificate, day(*today)).is_some()).collect()
    }

    #[test]
    fn that_a_certificate_ends_is_told_a_few_times_and_no_more_once_it_is_renewed() {
        let year = Validity { from: day(0), until: day(365) };
        let mut reminder = Reminder::default();
        assert_eq!(told(&mut reminder, year, 300, 400), [335, 351, 358, 362, 363, 364]);
        assert_eq!(told(&mut Reminder::default(), year, 340, 352), [340, 351], "at a start as well");
        let renewed = Validity { from: day(355), until: day(720) };
        assert_eq!(told(&mut Reminder::default(), year, 356, 358), [356]);
        assert_eq!(told(&mut reminder, renewed, 364, 690), Vec::<u32>::new());
        assert_eq!(told(&mut reminder, renewed, 690, 700), [690]);
    }

    #[test]
    fn one_of_a_few_days_is_told_in_its_last_third_only() {
        let week = Validity { from: day(0), until: day(9) };
        assert_eq!(told(&mut Reminder::default(), week, 0, 12), [6, 7, 8]);
        let hours = Validity { from: day(0), until: day(1) };
        assert_eq!(told(&mut Reminder::default(), hours, 0, 3), Vec::<u32>::new());
    }

    #[test]
    fn a_clock_that_is_set_back_tells_nothing_again_before_it_is_as_late() {
        let (year, mut reminder) = (Validity { from: day(0), until: day(365) }, Reminder::default());
        assert_eq!(told(&mut reminder, year, 335, 340), [335]);
        assert_eq!(told(&mut reminder, year, 336, 345), Vec::<u32>::new());
    }
}
