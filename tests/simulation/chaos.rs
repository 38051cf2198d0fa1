//! What goes wrong in one story, how often, and until when: drawn once per seed, and bounded, so that every story ends
//! in peace.

use std::time::Duration;

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    // At any step.
    Crash,
    PowerCut,
    Yank,
    // At a step of the spool.
    SpoolFull,
    SpoolWrite,
    SpoolSync,
    SpoolRead,
    TornWrite,
    /// The object goes, and every station goes down, just when a copy of it is removed.
    LostAtRelease,
    // At a step of a camera.
    FileError,
    WipeLie,
    // At a call to a destination.
    Unreachable,
    Busy,
    TimeOut,
    LostReply,
    LyingCommit,
    LostBlock,
    DamagedInTransit,
    BrokenRead,
    ProbeFails,
    ForgottenLock,
    // At any time.
    Poison,
    Outage,
    Denial,
    Elsewhere,
    BitRot,
    VanishedCopy,
    Growth,
    Rewrite,
    Touch,
    NewFile,
    Unreadable,
    PartlyUnreadable,
    Unsteady,
    Undeletable,
    ClockJump,
    OpenWriter,
    MakesAnew,
    ReadOnly,
    DiskFull,
    BlindFolder,
    DeadMedium,
    // While every station is down.
    LostObject,
    AlteredObject,
    // While a camera is in no bay.
    SwappedContent,
    // At any time.
    SelfDeleted,
    SickSector,
    // While a station is down.
    DamagedLedger,
}

impl Fault {
    pub(crate) const ALL: [Self; 48] = [
        Self::Crash,
        Self::PowerCut,
        Self::Yank,
        Self::SpoolFull,
        Self::SpoolWrite,
        Self::SpoolSync,
        Self::SpoolRead,
        Self::TornWrite,
        Self::LostAtRelease,
        Self::FileError,
        Self::WipeLie,
        Self::Unreachable,
        Self::Busy,
        Self::TimeOut,
        Self::LostReply,
        Self::LyingCommit,
        Self::LostBlock,
        Self::DamagedInTransit,
        Self::BrokenRead,
        Self::ProbeFails,
        Self::ForgottenLock,
        Self::Poison,
        Self::Outage,
        Self::Denial,
        Self::Elsewhere,
        Self::BitRot,
        Self::VanishedCopy,
        Self::Growth,
        Self::Rewrite,
        Self::Touch,
        Self::NewFile,
        Self::Unreadable,
        Self::PartlyUnreadable,
        Self::Unsteady,
        Self::Undeletable,
        Self::ClockJump,
        Self::OpenWriter,
        Self::MakesAnew,
        Self::ReadOnly,
        Self::DiskFull,
        Self::BlindFolder,
        Self::DeadMedium,
        Self::LostObject,
        Self::AlteredObject,
        Self::SwappedContent,
        Self::SelfDeleted,
        Self::SickSector,
        Self::DamagedLedger,
    ];
}

/// How many kinds of faults there are.
pub(crate) const FAULTS: usize = Fault::ALL.len();

/// What happens at times rather than at steps.
pub(crate) const EVENTS: [Fault; 24] = [
    Fault::Yank,
    Fault::Poison,
    Fault::Outage,
    Fault::Denial,
    Fault::Elsewhere,
    Fault::BitRot,
    Fault::VanishedCopy,
    Fault::Growth,
    Fault::Rewrite,
    Fault::Touch,
    Fault::NewFile,
    Fault::Unreadable,
    Fault::PartlyUnreadable,
    Fault::Unsteady,
    Fault::Undeletable,
    Fault::ClockJump,
    Fault::SelfDeleted,
    Fault::SickSector,
    Fault::OpenWriter,
    Fault::MakesAnew,
    Fault::ReadOnly,
    Fault::DiskFull,
    Fault::BlindFolder,
    Fault::DeadMedium,
];

#[derive(Clone, Copy, Default)]
struct Odds {
    /// It happens once in so many chances; never, if zero.
    one_in: u32,
    /// So often at most.
    left: u32,
}

/// The odds of one story.
pub(crate) struct Chaos {
    odds: [Odds; FAULTS],
    /// How often each happened.
    pub happened: [u32; FAULTS],
    until: Duration,
}

impl Chaos {
    pub(crate) fn draw_odds(rng: &mut fastrand::Rng) -> Self {
        let mut odds = [Odds::default(); FAULTS];
        // Some stories have nearly everything in them, others next to nothing: rare faults are seen best alone.
        let share = rng.u32(1..=6);
        for odds in &mut odds {
            if rng.u32(0..8) < share {
                let one_in = [2, 8, 30, 100, 400][rng.usize(0..5)];
                *odds = Odds { one_in, left: rng.u32(1..=5) };
            }
        }
        Self { odds, happened: [0; FAULTS], until: Duration::from_secs(rng.u64(5..=120)) }
    }

    /// This goes wrong whenever it can, a few times.
    pub(crate) fn favour(&mut self, fault: Fault) {
        self.odds[fault as usize] = Odds { one_in: 1, left: 3 };
    }

    pub(crate) fn is_over(&self, now: Duration) -> bool {
        now >= self.until
    }

    pub(crate) const fn until(&self) -> Duration {
        self.until
    }

    /// Whether this goes wrong, given the chance.
    pub(crate) fn draw(&mut self, fault: Fault, now: Duration, rng: &mut fastrand::Rng) -> bool {
        let over = self.is_over(now);
        let odds = &mut self.odds[fault as usize];
        let wrong = odds.left > 0 && !over && rng.u32(0..odds.one_in) == 0;
        odds.left -= u32::from(wrong);
        self.happened[fault as usize] += u32::from(wrong);
        wrong
    }

    /// One of the events that this story still has in store.
    pub(crate) fn draw_event(&mut self, rng: &mut fastrand::Rng) -> Option<Fault> {
        let possible: Vec<Fault> = EVENTS.into_iter().filter(|fault| self.odds[*fault as usize].left > 0).collect();
        let event = rng.choice(possible)?;
        self.odds[event as usize].left -= 1;
        self.happened[event as usize] += 1;
        Some(event)
    }
}
