//! Files that need each other: whoever wants to understand one of them has to read them all.
//!
//! A folder's `mod.rs` declares its children and shows what they define, and they use what it defines; that is the
//! ordinary shape of a module. So what a file uses of its own ancestors is left out here, and every other circle is
//! real: between siblings, across folders, or from a child out of the folder and back to its `mod.rs`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;

use super::house::{House, Module};
use super::paths::Place;

/// Which file uses which others, and one example for each: where, and what.
type Uses<'h> = BTreeMap<&'h Path, BTreeMap<&'h Path, (usize, String)>>;

/// Every file's shortest circle, each circle once.
pub(crate) fn circles(house: &House) -> Vec<String> {
    let uses = uses(house);
    let mut seen = BTreeSet::new();
    let mut circles = Vec::new();
    for way in uses.keys().filter_map(|file| shortest_way_round(&uses, file)) {
        if seen.insert(way.iter().copied().collect::<BTreeSet<_>>()) {
            let steps = way.windows(2).map(|step| {
                let (line, name) = &uses[step[0]][step[1]];
                format!("\n  {}:{line} uses `{name}` of {}", step[0].display(), step[1].display())
            });
            circles.push(format!("these files import each other:{}", steps.collect::<String>()));
        }
    }
    circles
}

fn uses(house: &House) -> Uses<'_> {
    let mut uses = Uses::new();
    for module in house.modules.values() {
        let file = module.file.as_path();
        let ancestors = ancestors(house, module);
        for mention in &module.mentions {
            for place in house.uses(module, mention).places {
                let Place::Item(there, name) = place else { continue };
                let other = house.modules[&there].file.as_path();
                if !ancestors.contains(other) {
                    uses.entry(file).or_default().entry(other).or_insert((mention.line, name));
                }
            }
        }
    }
    uses
}

/// The file of a module and those of the modules around it.
fn ancestors<'h>(house: &'h House, module: &Module) -> BTreeSet<&'h Path> {
    (1..=module.names.len()).map(|depth| house.modules[&module.names[..depth]].file.as_path()).collect()
}

/// The shortest way from a file back to itself.
fn shortest_way_round<'h>(uses: &Uses<'h>, start: &'h Path) -> Option<Vec<&'h Path>> {
    let mut ways = VecDeque::from([vec![start]]);
    let mut reached = BTreeSet::new();
    while let Some(way) = ways.pop_front() {
        for next in uses.get(way[way.len() - 1]).into_iter().flat_map(BTreeMap::keys).copied() {
            if next == start || reached.insert(next) {
                let longer = [way.as_slice(), &[next]].concat();
                if next == start {
                    return Some(longer);
                }
                ways.push_back(longer);
            }
        }
    }
    None
}
