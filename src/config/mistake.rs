//! What is wrong with a configuration, and where.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode, SourceSpan};

/// Which file, and which bytes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct At {
    pub(super) file: usize,
    pub(super) span: Range<usize>,
}

/// Everything that is wrong with a configuration, in the order of its files and lines; never empty.
#[derive(Debug)]
pub struct ConfigErrors {
    mistakes: Vec<Mistake>,
}

impl ConfigErrors {
    /// Each mistake. Print one with [`miette::Report`] to show the line that it is about.
    #[must_use]
    pub fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes
    }
}

impl ConfigErrors {
    /// All of them, for where there is room for one line.
    pub(super) fn in_one_line(&self) -> String {
        self.to_string().replace('\n', "; ")
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{}{mistake}: {}", mistake.line(), mistake.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}

/// One thing that is wrong, where it is written, and what to write instead.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct Mistake {
    what: String,
    remedy: String,
    place: Option<(NamedSource<Arc<str>>, SourceSpan)>,
}

impl Mistake {
    /// File and line, as a prefix.
    fn line(&self) -> String {
        let line = |(source, span): &(NamedSource<Arc<str>>, SourceSpan)| {
            let read = source.inner().bytes().take(span.offset());
            format!("{}:{}: ", source.name(), 1 + read.filter(|byte| *byte == b'\n').count())
        };
        self.place.as_ref().map_or_else(String::new, line)
    }
}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(&self.remedy))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|(source, _)| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.place.as_ref()?;
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(Some("here".to_owned()), *span))))
    }
}

/// The files that were read and what was found wrong in them so far.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    sources: Vec<(PathBuf, String)>,
    found: Vec<(Option<At>, String, String)>,
    syntax: Vec<At>,
}

impl Mistakes {
    /// Registers a file; its number goes into [`At`].
    pub(super) fn add_source(&mut self, path: &Path, text: &str) -> usize {
        self.sources.push((path.to_owned(), text.to_owned()));
        self.sources.len() - 1
    }

    /// A place where the file is no TOML.
    pub(super) fn syntax(&mut self, at: At, what: String, remedy: &str) {
        self.syntax.push(at.clone());
        self.found.push((Some(at), what, remedy.to_owned()));
    }

    /// A file that cannot be read.
    pub(super) fn unreadable(&mut self, what: String, remedy: String) {
        self.found.push((None, what, remedy));
    }

    /// Something wrong at a place. A line that is no TOML has been reported already, and is not judged further.
    pub(super) fn add(&mut self, at: &At, what: String, remedy: String) {
        let line = |at: &At| (at.file, self.line(at));
        if !self.syntax.iter().any(|broken| line(broken) == line(at)) {
            self.found.push((Some(at.clone()), what, remedy));
        }
    }

    /// Something that should be there and is not; unless part of the text could not be read: it may be there.
    pub(super) fn missing(&mut self, at: &At, what: String, remedy: String) {
        let all_read = self.syntax.is_empty() && self.found.iter().all(|(at, ..)| at.is_some());
        if all_read {
            self.add(at, what, remedy);
        }
    }

    /// Hides these bytes in everything that is shown of the file: they may be a credential.
    pub(super) fn hide(&mut self, at: &At) {
        if let Some((_, text)) = self.sources.get_mut(at.file)
            && let Some(secret) = text.get(at.span.clone())
        {
            let stars: String = secret.bytes().map(|byte| if byte == b'\n' { '\n' } else { '*' }).collect();
            text.replace_range(at.span.clone(), &stars);
        }
    }

    /// The files that were read, if any of them is no TOML in part; what was in that part may not be in their trees.
    pub(super) fn broken_texts(&self) -> impl Iterator<Item = &str> {
        let broken = !self.syntax.is_empty();
        self.sources.iter().map(|(_, text)| text.as_str()).filter(move |_| broken)
    }

    /// Whether some file or folder could not be read, so that nobody knows what is in it.
    pub(super) fn could_not_read(&self) -> bool {
        self.found.iter().any(|(at, ..)| at.is_none())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// All that was found, with the text of the files.
    pub(super) fn into_errors(mut self) -> ConfigErrors {
        self.found.sort_by_key(|(at, ..)| at.as_ref().map(|at| (at.file, at.span.start)));
        let sources: Vec<(String, Arc<str>)> =
            self.sources.into_iter().map(|(path, text)| (path.display().to_string(), text.into())).collect();
        let place = |at: At| {
            let (name, text) = &sources[at.file];
            (NamedSource::new(name, Arc::clone(text)).with_language("toml"), at.span.into())
        };
        let mistake = |(at, what, remedy): (Option<At>, _, _)| Mistake { what, remedy, place: at.map(place) };
        ConfigErrors { mistakes: self.found.into_iter().map(mistake).collect() }
    }

    fn line(&self, at: &At) -> usize {
        let (_, text) = &self.sources[at.file];
        text.bytes().take(at.span.start).filter(|byte| *byte == b'\n').count()
    }
}
