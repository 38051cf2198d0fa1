//! The house: every module that a build without tests compiles, and what each file of it mentions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Item, ItemMod};

use super::reader::{self, attributes, for_tests_only};

/// A module's or an item's path, beginning with its crate: `["camdock", "cloud", "azure", "answer"]`.
pub(crate) type Names = Vec<String>;

/// Texts by their place below the package's folder. A test of the tests makes up its own.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// The crates of the house, and the file that each begins with.
const CRATES: [(&str, &str); 2] = [(LIBRARY, "src/lib.rs"), ("main", "src/main.rs")];

/// The crate that the law is about; `main` and `cli` are another one, on top of it.
pub(crate) const LIBRARY: &str = "camdock";

/// What stands before the first name of a path that begins outside of this crate, `::tokio::spawn`.
pub(crate) const OUTSIDE: &str = "::";

/// What stands for everything in a module, as in `use super::*`.
pub(crate) const EVERYTHING: &str = "*";

/// One module, in a file of its own or not.
#[derive(Default)]
pub(crate) struct Module {
    pub(crate) file: PathBuf,
    pub(crate) names: Names,
    /// What it defines itself, but for its modules; and whether a path can go on behind that name (`Enum::Variant`).
    pub(crate) items: BTreeMap<String, bool>,
    /// What its `use` declarations bring in, wherever in the module they stand.
    pub(crate) imports: Vec<Import>,
    pub(crate) mentions: Vec<Mention>,
    /// Every word of the code, with its line.
    pub(crate) words: Vec<(String, usize)>,
}

/// One name that a `use` declaration brings in; `*` if it is everything.
pub(crate) struct Import {
    pub(crate) name: String,
    pub(crate) path: Names,
}

/// A path as somebody wrote it.
pub(crate) struct Mention {
    pub(crate) path: Names,
    pub(crate) line: usize,
    pub(crate) written: Written,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    InCode,
    Import,
    ReExport,
}

pub(crate) struct House {
    pub(crate) modules: BTreeMap<Names, Module>,
}

impl House {
    /// Follows the declarations of modules from each crate's first file, so that what only tests compile stays out
    /// whatever its name is.
    pub(crate) fn of(files: &Files) -> Self {
        let mut house = Self { modules: BTreeMap::new() };
        for (name, file) in CRATES {
            let file = Path::new(file);
            if files.contains_key(file) {
                house.read_file(files, file, Path::new("src"), vec![name.to_owned()]);
            }
        }
        house
    }

    fn read_file(&mut self, files: &Files, file: &Path, children: &Path, names: Names) {
        let parsed = syn::parse_file(&files[file]).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        if !for_tests_only(&parsed.attrs) {
            self.read_module(files, file, children, names, &parsed.items);
        }
    }

    fn read_module(&mut self, files: &Files, file: &Path, children: &Path, names: Names, items: &[Item]) {
        let mut module = Module { file: file.to_owned(), names, ..Module::default() };
        for item in items.iter().filter(|item| !for_tests_only(attributes(item))) {
            match item {
                Item::Mod(child) => self.read_child(files, &module, children, child),
                item => reader::read(&mut module, item),
            }
        }
        self.modules.insert(module.names.clone(), module);
    }

    fn read_child(&mut self, files: &Files, parent: &Module, children: &Path, child: &ItemMod) {
        let name = child.ident.to_string();
        let names = [parent.names.as_slice(), std::slice::from_ref(&name)].concat();
        let folder = children.join(&name);
        if let Some((_, items)) = &child.content {
            return self.read_module(files, &parent.file, &folder, names, items);
        }
        let places = [folder.with_extension("rs"), folder.join("mod.rs")];
        let file = places.iter().find(|place| files.contains_key(*place));
        let file = file.unwrap_or_else(|| panic!("{}: no file for `mod {name}`", parent.file.display()));
        self.read_file(files, file, &folder, names);
    }

    /// The modules that the law is about.
    pub(crate) fn library(&self) -> impl Iterator<Item = &Module> {
        self.modules.values().filter(|module| module.names[0] == LIBRARY)
    }
}
