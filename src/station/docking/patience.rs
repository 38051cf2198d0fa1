//! How often something may go wrong with a file in one docking before the docking goes on without it.

use std::collections::BTreeMap;

use crate::domain::SourcePath;

/// What goes wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trouble {
    /// It could not be read.
    Unreadable,
    /// It was written while it was being pulled.
    Restless,
    /// Read again, it was not what was read before, although nothing says that it was written.
    Unsteady,
    /// It was listed still after it was deleted.
    Undead,
}

impl Trouble {
    const fn limit(self) -> u32 {
        match self {
            // Salvaging what a failing medium still gives takes long.
            Self::Unreadable => 2,
            Self::Restless | Self::Unsteady | Self::Undead => 3,
        }
    }
}

/// Whether it is worth trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    Left,
    AtItsEnd,
}

/// What went wrong with the files of one camera, and how often.
#[derive(Debug, Default)]
pub(super) struct Troubles(BTreeMap<(SourcePath, Trouble), u32>);

impl Troubles {
    /// It went wrong once more.
    pub(super) fn once_more(&mut self, path: &SourcePath, trouble: Trouble) -> Patience {
        *self.0.entry((path.clone(), trouble)).or_default() += 1;
        self.patience(path, trouble)
    }

    pub(super) fn patience(&self, path: &SourcePath, trouble: Trouble) -> Patience {
        let times = self.0.get(&(path.clone(), trouble)).copied().unwrap_or_default();
        if times < trouble.limit() { Patience::Left } else { Patience::AtItsEnd }
    }

    /// It went well, or begins anew.
    pub(super) fn forget(&mut self, path: &SourcePath, trouble: Trouble) {
        self.0.remove(&(path.clone(), trouble));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_lost_for_one_file_and_one_trouble_at_a_time() {
        let (one, other) = (SourcePath::new(b"A".to_vec()), SourcePath::new(b"B".to_vec()));
        let mut troubles = Troubles::default();
        assert_eq!(troubles.once_more(&one, Trouble::Unreadable), Patience::Left);
        assert_eq!(troubles.once_more(&one, Trouble::Unreadable), Patience::AtItsEnd);
        assert_eq!(troubles.patience(&one, Trouble::Unsteady), Patience::Left);
        assert_eq!(troubles.once_more(&other, Trouble::Unreadable), Patience::Left);
        troubles.forget(&one, Trouble::Unreadable);
        assert_eq!(troubles.patience(&one, Trouble::Unreadable), Patience::Left);
    }
}
