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
    /// Spanish.
    Spanish,
    /// Welsh.
    Welsh,
}

static ENGLISH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::English));
static SPANISH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::Spanish));
static WELSH: LazyLock<Words> = LazyLock::new(|| Words::read(Language::Welsh));

impl Language {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::English, Self::Spanish, Self::Welsh];

    /// The language of a tag such as `cy`, without a region.
    #[must_use]
    pub fn of(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag))
    }

    /// Its tag in BCP 47.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
            Self::Welsh => "cy",
        }
    }

    /// How those who speak it call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Spanish => "Español",
            Self::Welsh => "Cymraeg",
        }
    }

    pub(super) fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
            Self::Welsh => &WELSH,
        }
    }

    /// Its notices, and what stands on pages besides.
    pub(super) const fn files(self) -> [&'static str; 2] {
        match self {
            Self::English => [include_str!("en/notices.ftl"), include_str!("en/pages.ftl")],
            Self::Spanish => [include_str!("es/notices.ftl"), include_str!("es/pages.ftl")],
            Self::Welsh => [include_str!("cy/notices.ftl"), include_str!("cy/pages.ftl")],
        }
    }

    pub(super) const fn identifier(self) -> LanguageIdentifier {
        match self {
            Self::English => langid!("en"),
            Self::Spanish => langid!("es"),
            Self::Welsh => langid!("cy"),
        }
    }
}
