//! Which languages there are.

use std::sync::LazyLock;

use unic_langid::{LanguageIdentifier, langid};

use super::Words;

/// A language that camdock speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, the language of the commands and of the journal.
    #[default]
    English,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::English));

impl Language {
    /// All of them.
    pub const ALL: [Self; 1] = [Self::English];

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
        }
    }

    pub(super) const fn file(self) -> &'static str {
        match self {
            Self::English => include_str!("en.ftl"),
        }
    }

    pub(super) const fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
        }
    }
}
