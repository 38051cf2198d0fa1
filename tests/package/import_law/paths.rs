//! Where a path leads: to the module that really defines the item, through renames and re-exports.

use std::collections::BTreeSet;

use super::house::{EVERYTHING, House, Import, LIBRARY, Mention, Module, Names, OUTSIDE, Written};

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A module of ours.
    Module(Names),
    /// An item of ours, by the module that defines it.
    Item(Names, String),
    /// Something of the language's or of a library's, by its whole path.
    Foreign(Names),
}

/// What a path uses.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    /// Where it leads. More than one place, if modules, types and functions share a name.
    pub(crate) places: BTreeSet<Place>,
    /// The names under which modules on the way pass on what others define.
    pub(crate) passed_on: BTreeSet<Place>,
}

/// A resolution under way.
struct Walk<'h> {
    house: &'h House,
    /// The imports that are being followed, since a name may lead to itself: `pub use gate::gate`.
    trail: Vec<*const Import>,
    uses: Uses,
}

impl House {
    /// What a mention in `module` uses.
    pub(crate) fn uses(&self, module: &Module, mention: &Mention) -> Uses {
        let mut walk = Walk { house: self, trail: Vec::new(), uses: Uses::default() };
        let mut path = mention.path.as_slice();
        // All that is in a library's module cannot be known: the star stays, for whoever bans a part of it.
        let everything = path.last().is_some_and(|last| last == EVERYTHING);
        if everything {
            path = &path[..path.len() - 1];
        }
        walk.begin(module, path, mention.written != Written::InCode);
        if mention.written == Written::InCode && path.len() == 1 {
            // It is a variable that is called like a module.
            walk.uses.places.retain(|place| !matches!(place, Place::Module(_)));
        }
        if everything {
            let starred = |place| match place {
                Place::Foreign(names) => Place::Foreign([names, vec![EVERYTHING.to_owned()]].concat()),
                place => place,
            };
            walk.uses.places = walk.uses.places.into_iter().map(starred).collect();
        }
        walk.uses
    }
}

impl Walk<'_> {
    /// Follows a path from where it is written. A name alone is a library only in a `use`; elsewhere it is a variable.
    fn begin(&mut self, module: &Module, path: &[String], imported: bool) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        match first.as_str() {
            OUTSIDE => self.outside(rest),
            "crate" => self.into(&module.names[..1], rest),
            "self" => self.into(&module.names, rest),
            "super" => {
                let parent = &module.names[..module.names.len() - 1];
                if rest.first().is_some_and(|name| name == "super") {
                    return self.begin(&self.house.modules[parent], rest, imported);
                }
                self.into(parent, rest)
            }
            _ if self.known(module, path) => true,
            _ if imported || path.len() > 1 => self.outside(path),
            _ => false,
        }
    }

    /// Follows a path that begins with the name of a crate.
    fn outside(&mut self, path: &[String]) -> bool {
        if path.first().is_some_and(|name| name == LIBRARY) {
            return self.into(&path[..1], &path[1..]);
        }
        self.uses.places.insert(Place::Foreign(path.to_vec()))
    }

    /// Follows a path inside a module. What cannot be found there must have been made there by a macro.
    fn into(&mut self, names: &[String], path: &[String]) -> bool {
        let module = &self.house.modules[names];
        if path.is_empty() {
            self.uses.places.insert(Place::Module(names.to_vec()));
        } else if !self.known(module, path) {
            self.uses.places.insert(Place::Item(names.to_vec(), path[0].clone()));
        }
        true
    }

    /// Follows a path from a name that `module` is known to have: its module's, its item's or its import's.
    fn known(&mut self, module: &Module, path: &[String]) -> bool {
        let (name, rest) = (&path[0], &path[1..]);
        let mut found = false;
        let child = [module.names.as_slice(), std::slice::from_ref(name)].concat();
        if self.house.modules.contains_key(&child) {
            found |= self.into(&child, rest);
        }
        if module.items.get(name).is_some_and(|goes_on| *goes_on || rest.is_empty()) {
            self.uses.places.insert(Place::Item(module.names.clone(), name.clone()));
            found = true;
        }
        for import in module.imports.iter().filter(|import| import.name == *name) {
            found |= self.through(module, import, rest);
        }
        if !found {
            for import in module.imports.iter().filter(|import| import.name == EVERYTHING) {
                found |= self.through(module, import, path);
            }
        }
        found
    }

    /// Follows a path through what a `use` declaration of `module` brings in.
    fn through(&mut self, module: &Module, import: &Import, rest: &[String]) -> bool {
        if self.trail.contains(&std::ptr::from_ref(import)) {
            return false;
        }
        self.trail.push(import);
        let found = if import.name == EVERYTHING {
            self.among_everything(module, import, rest)
        } else {
            self.begin(module, &[import.path.as_slice(), rest].concat(), true)
        };
        self.trail.pop();
        if found {
            let name = if import.name == EVERYTHING { &rest[0] } else { &import.name };
            self.uses.passed_on.insert(Place::Item(module.names.clone(), name.clone()));
        }
        found
    }

    /// Looks among everything that a `use` declaration brings in, for what is known to be there.
    fn among_everything(&mut self, module: &Module, import: &Import, path: &[String]) -> bool {
        let mut source = Walk { house: self.house, trail: self.trail.clone(), uses: Uses::default() };
        source.begin(module, &import.path, true);
        let mut found = false;
        for place in source.uses.places {
            if let Place::Module(names) = place {
                found |= self.known(&self.house.modules[&names], path);
            }
        }
        found
    }
}
