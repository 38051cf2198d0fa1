//! What a lamp says to somebody who stands before a bay.
//!
//! Promises: a signal follows from what is told anyway, a notice or a snapshot, and from nothing else; so a lamp and the page say
//! the same. Each has a rhythm of its own, so that a lamp of one colour, or eyes that see no colours, tell all of them apart.

use std::time::Duration;

use serde::Serialize;

use super::{BayNotice, BayState, DestinationState, DiskState, Instruction, Snapshot};

/// What a lamp says, from what matters least to what matters most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Signal {
    /// Nothing is in it: a camera can be put in.
    Free,
    /// Charged, transferred, wiped: take it.
    Ready,
    /// Work goes on: leave it.
    Working,
    /// Take out what is in it; if it is a camera, put it in again.
    TakeOut,
    /// Leave it in, and call whoever looks after the station.
    Call,
}

impl Signal {
    /// All of them, from what matters least to what matters most.
    pub const ALL: [Self; 5] = [Self::Free, Self::Ready, Self::Working, Self::TakeOut, Self::Call];

    /// What a bay's lamp says.
    #[must_use]
    pub fn of_bay(notice: &BayNotice) -> Self {
        match notice.instruction() {
            Instruction::PutIn => Self::Free,
            Instruction::Take => Self::Ready,
            Instruction::TakeOut | Instruction::PutInAgain => Self::TakeOut,
            Instruction::CallIt => Self::Call,
            // It cannot go on by itself, though this bay's camera is not to be touched.
            Instruction::LeaveIn if notice.state() == BayState::Attention => Self::Call,
            Instruction::LeaveIn => Self::Working,
        }
    }

    /// What the station's lamp says: the worst of its bays and of itself.
    #[must_use]
    pub fn of_station(shown: &Snapshot) -> Self {
        let refuses = |state| {
            matches!(state, DestinationState::Refused | DestinationState::Overdue | DestinationState::Attention)
        };
        let itself = if shown.problems > 0
            || shown.disk == DiskState::Full
            || !shown.setup.is_empty()
            || shown.destinations.iter().any(|place| refuses(place.state()))
        {
            Self::Call
        } else if shown.queue.segments > 0 {
            Self::Working
        } else {
            Self::Free
        };
        shown.bays.iter().map(|bay| Self::of_bay(&bay.notice)).chain([itself]).max().unwrap_or(itself)
    }

    /// What to do about it.
    #[must_use]
    pub const fn instruction(self) -> Instruction {
        match self {
            Self::Free => Instruction::PutIn,
            Self::Ready => Instruction::Take,
            Self::Working => Instruction::LeaveIn,
            Self::TakeOut => Instruction::TakeOut,
            Self::Call => Instruction::CallIt,
        }
    }

    /// In which colour it is shown, where there are colours.
    #[must_use]
    pub const fn colour(self) -> Colour {
        match self {
            Self::Free | Self::Ready => Colour::Green,
            Self::Working => Colour::Amber,
            Self::TakeOut | Self::Call => Colour::Red,
        }
    }
}

/// The colour of a light.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    /// As at a traffic light: go.
    Green,
    /// Between the two.
    Amber,
    /// It needs a person.
    Red,
}

/// When a lamp is lit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Rhythm {
    /// Never.
    Dark,
    /// Always.
    Steady,
    /// In turns, over and over.
    Blinking(Beats),
}

/// In which manner a lamp is lit, as far as that is told in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Manner {
    /// Not at all.
    Dark,
    /// All the time.
    Steady,
    /// In turns.
    Blinking,
}

impl Rhythm {
    /// Its manner.
    #[must_use]
    pub const fn manner(&self) -> Manner {
        match self {
            Self::Dark => Manner::Dark,
            Self::Steady => Manner::Steady,
            Self::Blinking(_) => Manner::Blinking,
        }
    }
}

/// One or more beats; each is light, and then none. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Beats(Vec<Beat>);

/// A light, and the dark after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Beat {
    /// How long it is lit.
    pub on: Duration,
    /// How long it is dark then.
    pub off: Duration,
}

impl Beats {
    /// No light or dark is shorter: people would not see it.
    pub const SHORTEST: Duration = Duration::from_millis(100);
    /// None is longer: it would be taken for a steady one.
    pub const LONGEST: Duration = Duration::from_secs(5);
    /// There are no more: nobody would know them again.
    pub const MOST: usize = 4;

    /// From lights and darks in turns, in milliseconds. `None` if they are out of bounds, or the last one is a light.
    #[must_use]
    pub fn new(millis: &[u64]) -> Option<Self> {
        let (beats, []) = millis.as_chunks::<2>() else { return None };
        let fits = |length: &Duration| (Self::SHORTEST..=Self::LONGEST).contains(length);
        let beat = |[on, off]: &[u64; 2]| Beat { on: Duration::from_millis(*on), off: Duration::from_millis(*off) };
        let beats: Vec<_> = beats.iter().map(beat).collect();
        let all_fit = beats.iter().all(|beat| fits(&beat.on) && fits(&beat.off));
        ((1..=Self::MOST).contains(&beats.len()) && all_fit).then_some(Self(beats))
    }

    /// Each of them, in order.
    #[must_use]
    pub fn each(&self) -> &[Beat] {
        &self.0
    }

    /// How long they last together.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.0.iter().map(|beat| beat.on + beat.off).sum()
    }
}

/// Which rhythm each signal has.
///
/// Invariant: no two have the same, and only a free bay is dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rhythms([Rhythm; Signal::ALL.len()]);

/// Why signals cannot have these rhythms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoRhythms {
    /// One that must be seen is dark.
    Dark(Signal),
    /// Two look the same.
    Alike(Signal, Signal),
}

impl Rhythms {
    /// Takes what `of` says of each signal.
    ///
    /// # Errors
    /// [`NoRhythms`] if nobody could tell them apart.
    pub fn new(of: impl Fn(Signal) -> Rhythm) -> Result<Self, NoRhythms> {
        let rhythms = Self(Signal::ALL.map(of));
        for (index, signal) in Signal::ALL.into_iter().enumerate() {
            let rhythm = rhythms.of(signal);
            if *rhythm == Rhythm::Dark && signal != Signal::Free {
                return Err(NoRhythms::Dark(signal));
            }
            if let Some(earlier) = Signal::ALL[..index].iter().find(|earlier| rhythms.of(**earlier) == rhythm) {
                return Err(NoRhythms::Alike(*earlier, signal));
            }
        }
        Ok(rhythms)
    }

    /// The rhythm of a signal.
    #[must_use]
    pub const fn of(&self, signal: Signal) -> &Rhythm {
        &self.0[signal as usize]
    }
}

impl Default for Rhythms {
    /// A slow pulse for work, an even blinking for "take it out", two flashes and a pause for "call somebody": at most two in a
    /// second, since three and more are a danger to some people (WCAG 2.2, 2.3.1).
    fn default() -> Self {
        let blinking = |beats: &[(u64, u64)]| {
            let beat =
                |(on, off): &(u64, u64)| Beat { on: Duration::from_millis(*on), off: Duration::from_millis(*off) };
            Rhythm::Blinking(Beats(beats.iter().map(beat).collect()))
        };
        Self(Signal::ALL.map(|signal| match signal {
            Signal::Free => Rhythm::Dark,
            Signal::Ready => Rhythm::Steady,
            Signal::Working => blinking(&[(1000, 1000)]),
            Signal::TakeOut => blinking(&[(250, 250)]),
            Signal::Call => blinking(&[(150, 150), (150, 850)]),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        BayName, BaySnapshot, ByteCount, CameraSerial, DestinationName, DestinationNotice, DestinationSnapshot, Part,
        QueueSnapshot, SetupCause, SetupTrouble, StationId,
    };

    fn station(bays: Vec<BayNotice>) -> Snapshot {
        let bay = |(number, notice): (usize, _)| BaySnapshot {
            notice,
            ..BaySnapshot::empty(BayName::new(number.to_string()).unwrap())
        };
        Snapshot::of(StationId::new("hq-01").unwrap(), bays.into_iter().enumerate().map(bay).collect())
    }

    #[test]
    fn a_bays_lamp_says_what_to_do_there() {
        let error = || "EIO".to_owned();
        let serial = |text: &str| CameraSerial::new(text).unwrap();
        for (notice, signal) in [
            (BayNotice::Empty, Signal::Free),
            (BayNotice::Identifying, Signal::Working),
            (BayNotice::Copying { done: 1, total: 2 }, Signal::Working),
            (BayNotice::Uploading { segments: 1 }, Signal::Working),
            (BayNotice::WipeAwaitsDestination { error: error() }, Signal::Working),
            (BayNotice::Wiping, Signal::Working),
            (BayNotice::SpoolFull { files: 1 }, Signal::Working),
            (BayNotice::Ready, Signal::Ready),
            (BayNotice::WasEmpty, Signal::Ready),
            (BayNotice::NoCamera { why: error() }, Signal::TakeOut),
            (BayNotice::CameraSilent, Signal::TakeOut),
            (BayNotice::SilentWithNothingLeft { before: BayState::Ready }, Signal::TakeOut),
            (BayNotice::Problems { files: 1, camera: serial("A") }, Signal::Call),
            (BayNotice::NotSetUp { why: error() }, Signal::Call),
            (BayNotice::SameSerial { other: BayName::new("2").unwrap(), camera: serial("A") }, Signal::Call),
        ] {
            assert_eq!(Signal::of_bay(&notice), signal, "{notice:?}");
        }
    }

    #[test]
    fn a_legend_tells_what_a_bay_tells_that_shows_the_same() {
        let notices = [
            BayNotice::Empty,
            BayNotice::Ready,
            BayNotice::Wiping,
            BayNotice::NoCamera { why: String::new() },
            BayNotice::WriteProtected,
        ];
        for (signal, notice) in Signal::ALL.into_iter().zip(notices) {
            assert_eq!((Signal::of_bay(&notice), signal.instruction()), (signal, notice.instruction()));
        }
    }

    #[test]
    fn only_what_is_wiped_is_shown_in_steady_green() {
        let rhythms = Rhythms::default();
        for signal in Signal::ALL {
            let steady_green = (signal.colour(), rhythms.of(signal)) == (Colour::Green, &Rhythm::Steady);
            assert_eq!(steady_green, signal == Signal::Ready, "{signal:?}");
        }
    }

    #[test]
    fn the_stations_lamp_says_the_worst_of_its_bays() {
        for (bays, signal) in [
            (vec![], Signal::Free),
            (vec![BayNotice::Empty, BayNotice::Empty], Signal::Free),
            (vec![BayNotice::Ready, BayNotice::Empty], Signal::Ready),
            (vec![BayNotice::Ready, BayNotice::Wiping], Signal::Working),
            (vec![BayNotice::CameraSilent, BayNotice::Wiping], Signal::TakeOut),
            (vec![BayNotice::WriteProtected, BayNotice::CameraSilent, BayNotice::Ready], Signal::Call),
        ] {
            assert_eq!(Signal::of_station(&station(bays.clone())), signal, "{bays:?}");
        }
    }

    #[test]
    fn the_stations_lamp_says_what_no_bay_does() {
        let quiet = || station(vec![BayNotice::Ready]);
        let mut queued = quiet();
        queued.queue =
            QueueSnapshot { segments: 1, bytes: ByteCount::new(1), oldest_seconds: 1, ..QueueSnapshot::default() };
        assert_eq!(Signal::of_station(&queued), Signal::Working);
        let mut shown = [quiet(), quiet(), quiet(), quiet()];
        shown[0].problems = 1;
        shown[1].disk = DiskState::Full;
        shown[2].destinations = vec![DestinationSnapshot {
            notice: DestinationNotice::NotSetUp { why: "no key".to_owned() },
            ..DestinationSnapshot::unasked(DestinationName::new("nas").unwrap())
        }];
        let part = Part::Page;
        shown[3].setup = vec![SetupTrouble { part, cause: SetupCause::AddressUnusable, message: String::new() }];
        for station in shown {
            assert_eq!(Signal::of_station(&station), Signal::Call, "{station:?}");
        }
    }

    #[test]
    fn each_signal_has_a_rhythm_of_its_own() {
        let default = Rhythms::default();
        assert_eq!(Rhythms::new(|signal| default.of(signal).clone()), Ok(default.clone()));
        let with = |one: Signal, rhythm: Rhythm| {
            let of = |signal| if signal == one { rhythm.clone() } else { default.of(signal).clone() };
            Rhythms::new(of).map(|_| ())
        };
        let pulse = Rhythm::Blinking(Beats::new(&[1000, 1000]).unwrap());
        assert_eq!(with(Signal::Call, Rhythm::Dark), Err(NoRhythms::Dark(Signal::Call)));
        assert_eq!(with(Signal::Call, pulse.clone()), Err(NoRhythms::Alike(Signal::Working, Signal::Call)));
        assert_eq!(with(Signal::Free, Rhythm::Steady), Err(NoRhythms::Alike(Signal::Free, Signal::Ready)));
        assert_eq!(with(Signal::Free, Rhythm::Blinking(Beats::new(&[100, 4000]).unwrap())), Ok(()));
    }

    #[test]
    fn the_default_rhythms_are_slow_enough_for_everybody_and_within_bounds() {
        let rhythms = Rhythms::default();
        for signal in Signal::ALL {
            let Rhythm::Blinking(beats) = rhythms.of(signal) else { continue };
            let millis: Vec<_> = beats.each().iter().flat_map(|beat| [beat.on, beat.off]).collect();
            let millis: Vec<_> = millis.iter().map(|length| u64::try_from(length.as_millis()).unwrap()).collect();
            assert_eq!(Beats::new(&millis).as_ref(), Some(beats), "{signal:?}");
            let mut begins = Duration::ZERO;
            let flashes: Vec<_> = beats
                .each()
                .iter()
                .cycle()
                .take(12)
                .map(|beat| {
                    begins += beat.on + beat.off;
                    begins
                })
                .collect();
            for flash in flashes.windows(4) {
                assert!(flash[3] >= flash[0] + Duration::from_secs(1), "{signal:?}: more than three in a second");
            }
        }
    }

    #[test]
    fn beats_are_lights_and_darks_that_people_can_tell_apart() {
        for wrong in [&[][..], &[100], &[100, 100, 100], &[99, 100], &[100, 5001], &[100; 10]] {
            assert_eq!(Beats::new(wrong), None, "{wrong:?}");
        }
        assert_eq!(Beats::new(&[100, 5000]).unwrap().length(), Duration::from_millis(5100));
    }
}
