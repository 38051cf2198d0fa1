//! Profiles: which kinds of cameras there are.
//!
//! Those that came with camdock lie in one folder, a station's own in `profiles.d` beside the configuration; of two with
//! the same name the station's counts, and one that says `enabled = false` counts as none. A file with nothing in it, or
//! only comments, is no profile.
//!
//! Promise: what is wrong opens no bay. A broken file closes the name that it has, since a profile that was replaced or
//! switched off must not come back by a typing error; the others are as good as before.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::document::{self, Node, Value};
use super::mistake::Mistakes;
use super::reader::{Keys, Reader, Wrong};
use super::values;
use crate::domain::{Profile, SerialSource, SourcePath, Transport, UsbMatch};

/// Where the package puts what came with camdock.
pub(super) const SHIPPED: &str = "/usr/share/camdock/profiles";

/// The same, for a camdock that was built and not installed.
const BUILT_IN: [(&str, &str); 3] = [
    ("generic-dcim.toml", include_str!("../../config/profiles/generic-dcim.toml")),
    ("transcend-drivepro-body.toml", include_str!("../../config/profiles/transcend-drivepro-body.toml")),
    ("volume-label.toml", include_str!("../../config/profiles/volume-label.toml")),
];

const KEYS: Keys = Keys::table(
    "profile",
    &[
        "name",
        "title",
        "usb",
        "manufacturer",
        "product",
        "transport",
        "label",
        "serial",
        "folders",
        "leave",
        "quiet_time",
        "enabled",
    ],
);
const SERIAL_KEYS: Keys = Keys::inline("profile.serial", &["file"], "serial = { file = \"SERIAL.TXT\" }");

/// The kinds of camera that there are.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    /// In the order in which they are to be tried.
    pub(super) profiles: Arc<[Arc<Profile>]>,
    /// The files that are wrong.
    pub(super) broken: Vec<BrokenProfile>,
}

/// A profile's file that is wrong. It lets nothing in, and neither does what it may have been written to replace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokenProfile {
    /// The file, or the folder if that cannot be listed.
    pub file: PathBuf,
    /// What is wrong with it, and what to write instead.
    pub wrong: String,
    /// What lets nothing in because of it.
    pub closed: Closed,
}

/// What lets nothing in while a profile is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Closed {
    /// The profiles of these names.
    Named(Vec<String>),
    /// Every one that came with camdock: nobody knows which of them it replaces or switches off.
    AllThatCameWithCamdock,
}

impl fmt::Display for BrokenProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. Until then ", self.wrong)?;
        match &self.closed {
            Closed::Named(names) => write!(f, "profile {} lets no camera in", names.join(" and ")),
            Closed::AllThatCameWithCamdock => {
                f.write_str("no profile that came with camdock lets a camera in, since it may replace any of them")
            }
        }
    }
}

/// Reads what came with camdock and the station's `own`, if that is known. What is wrong closes as much as it may have been
/// meant to, and leaves everything else as it is.
pub(super) fn read(shipped: &Path, own: Option<&Path>) -> Kinds {
    let absent = std::fs::metadata(shipped).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let shipped = if absent {
        BUILT_IN
            .map(|(name, text)| file(Path::new(name), |mistakes| document::parse(Path::new(name), text, mistakes)))
            .into()
    } else {
        folder(shipped)
    };
    let (mut known, mut broken) = sorted_out(shipped);
    let (own, broken_own) = own.map(|own| sorted_out(folder(own))).unwrap_or_default();
    if broken_own.iter().any(|broken| broken.closed == Closed::AllThatCameWithCamdock) {
        known.clear();
    }
    known.extend(own);
    broken.extend(broken_own);
    for broken in &broken {
        if let Closed::Named(names) = &broken.closed {
            known.retain(|name, _| !names.contains(name));
        }
    }
    let mut profiles: Vec<_> = known.into_values().flatten().map(Arc::new).collect();
    Profile::sort(&mut profiles);
    Kinds { profiles: profiles.into(), broken }
}

/// What a file says; nothing, if there is nothing in it.
type Read = Result<Option<Named>, BrokenProfile>;

/// A profile's name and file, and the profile unless it is switched off.
struct Named {
    file: PathBuf,
    name: String,
    profile: Option<Profile>,
}

fn folder(path: &Path) -> Vec<Read> {
    let mut mistakes = Mistakes::default();
    let files = document::toml_files(path, &mut mistakes);
    let unlisted = (!mistakes.is_empty()).then(|| Err(broken(path, None, mistakes)));
    let read = files.iter().map(|path| file(path, |mistakes| document::read_file(path, mistakes)));
    unlisted.into_iter().chain(read).collect()
}

fn file(path: &Path, read: impl FnOnce(&mut Mistakes) -> Node) -> Read {
    let mut mistakes = Mistakes::default();
    let document = read(&mut mistakes);
    let written = match &document.value {
        Value::Table(table) if table.is_empty() && mistakes.is_empty() => return Ok(None),
        Value::Table(table) => table.get("name").and_then(|(_, name)| profile_name(&name.value).ok()),
        _ => None,
    };
    match profile(document, &mut mistakes) {
        Some((name, profile)) if mistakes.is_empty() => Ok(Some(Named { file: path.to_owned(), name, profile })),
        _ => Err(broken(path, written, mistakes)),
    }
}

/// What is closed because a file is wrong that says to be of this name.
fn broken(file: &Path, name: Option<String>, mistakes: Mistakes) -> BrokenProfile {
    // A line that is no TOML may hide the name, or another one.
    let hidden = mistakes.broken_texts().flat_map(|text| document::written(text, "name"));
    let hidden = hidden.filter_map(|text| profile_name(&Value::Text(text.to_owned())).ok());
    let mut names: Vec<String> = hidden.chain(name).collect();
    names.sort();
    names.dedup();
    let closed = if names.is_empty() { Closed::AllThatCameWithCamdock } else { Closed::Named(names) };
    BrokenProfile { file: file.to_owned(), wrong: mistakes.into_errors().in_one_line(), closed }
}

/// The profiles of one folder by name; `None` is one that is switched off.
fn sorted_out(read: Vec<Read>) -> (BTreeMap<String, Option<Profile>>, Vec<BrokenProfile>) {
    let (mut known, mut wrong) = (BTreeMap::new(), Vec::new());
    for read in read {
        match read {
            Ok(None) => {}
            Err(broken) => wrong.push(broken),
            Ok(Some(Named { file, name, profile })) => {
                if known.insert(name.clone(), profile).is_some() {
                    let twice = format!(
                        "{}: profile.name = \"{name}\": another file in this folder has that name already: give each \
                         profile a name of its own, or remove one of the files",
                        file.display()
                    );
                    wrong.push(BrokenProfile { file, wrong: twice, closed: Closed::Named(vec![name]) });
                }
            }
        }
    }
    (known, wrong)
}

/// Its name, and the profile unless it is switched off. `None` if anything is wrong.
fn profile(document: Node, mistakes: &mut Mistakes) -> Option<(String, Option<Profile>)> {
    let mut table = Reader::new(KEYS, document, mistakes)?;
    let name = table.required("name", "\"my-camera\"", profile_name);
    let enabled = table.or("enabled", true, values::boolean);
    if enabled == Some(false) && table.peek("transport").is_none() {
        table.close("with enabled = false and no transport");
        return name.map(|name| (name.value, None));
    }
    let title = table.optional("title", values::text);
    let ids = table.or("usb", Vec::new(), values::usb_ids);
    let manufacturer = table.or("manufacturer", None, |value| values::pattern(value).map(Some));
    let product = table.or("product", None, |value| values::pattern(value).map(Some));
    let transport = table.required("transport", "\"mass-storage\"", |value| values::one_of(value, &Transport::WORDS));
    let label = table.or("label", None, |value| values::pattern(value).map(Some));
    let folders = table.or("folders", Vec::new(), |value| values::list(value, values::path_on_camera));
    let leave = table.or("leave", Vec::new(), |value| values::list(value, values::pattern));
    let quiet_time = table.or("quiet_time", Duration::ZERO, values::duration);
    let serial = serial(&mut table);
    table.close("here");
    let name = name?;
    let profile = Profile {
        name: name.value.clone(),
        title: title?.map_or_else(|| name.value.clone(), |title| title.value),
        matches: UsbMatch { ids: ids?, manufacturer: manufacturer?, product: product? },
        transport: transport?.value,
        folders: folders?,
        leave: leave?,
        serial: serial?,
        label: label?,
        quiet_time: quiet_time?,
    };
    Some((name.value, enabled?.then_some(profile)))
}

fn serial(table: &mut Reader<'_>) -> Option<SerialSource> {
    if !table.peek("serial").is_some_and(|node| matches!(node.value, Value::Table(_))) {
        let word = |value: &Value| match values::one_of(value, &[("usb", Word::Usb), ("label", Word::Label)])? {
            Word::Usb => Ok(SerialSource::Usb),
            Word::Label => Ok(SerialSource::Label),
        };
        return table.required("serial", "\"usb\"", word).map(|given| given.value);
    }
    let node = table.take("serial")?;
    let mut table = Reader::new(SERIAL_KEYS, node, table.mistakes)?;
    let file: Option<SourcePath> =
        table.required("file", "\"SERIAL.TXT\"", values::path_on_camera).map(|given| given.value);
    table.close("here");
    file.map(SerialSource::File)
}

#[derive(Clone, Copy)]
enum Word {
    Usb,
    Label,
}

fn profile_name(value: &Value) -> Result<String, Wrong> {
    let name = values::text(value)?;
    if name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Ok(name);
    }
    Err(Wrong::new("it is no name for a profile", "write letters, digits, '-', '_' and '.', such as \"my-camera\""))
}

#[cfg(test)]
mod tests {
    use super::super::PROFILE_EXAMPLE;
    use super::*;
    use crate::domain::Pattern;
    use tempfile::TempDir;

    fn kinds(own: &[(&str, &str)]) -> Kinds {
        let folder = TempDir::new().unwrap();
        for (name, text) in own {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        read(&folder.path().join("none"), Some(folder.path()))
    }

    fn load(own: &[(&str, &str)]) -> Result<Arc<[Arc<Profile>]>, String> {
        let Kinds { profiles, broken } = kinds(own);
        let wrong: Vec<_> = broken.iter().map(ToString::to_string).collect();
        if wrong.is_empty() { Ok(profiles) } else { Err(wrong.join("\n")) }
    }

    fn names(profiles: &[Arc<Profile>]) -> Vec<&str> {
        profiles.iter().map(|profile| profile.name.as_str()).collect()
    }

    #[test]
    fn what_came_with_camdock_is_tried_from_the_particular_to_the_general() {
        assert_eq!(names(&load(&[]).unwrap()), ["transcend-drivepro-body", "volume-label", "generic-dcim"]);
    }

    #[test]
    fn every_profile_that_is_shipped_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
        let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        files.sort();
        assert_eq!(files, BUILT_IN.map(|(name, _)| name));
    }

    #[test]
    fn a_stations_own_profile_replaces_one_of_the_same_name() {
        let own = "name = \"generic-dcim\"\nusb = [\"46f4:0001\", \"8564:*\"]\nmanufacturer = \"Q*\"\ntransport = \
                   \"mass-storage\"\nserial = { file = \"MISC/ID.TXT\" }\n";
        let profiles = load(&[("site.toml", own), ("notes.txt", "no profile")]).unwrap();
        assert_eq!(names(&profiles), ["generic-dcim", "transcend-drivepro-body", "volume-label"]);
        assert_eq!(profiles[0].matches.ids, [(0x46f4, Some(1)), (0x8564, None)]);
        assert_eq!(profiles[0].matches.manufacturer, Some(Pattern::new("Q*")));
        assert_eq!(profiles[0].serial, SerialSource::File(SourcePath::new(b"MISC/ID.TXT".to_vec())));
        assert_eq!((profiles[0].title.as_str(), profiles[0].folders.len()), ("generic-dcim", 0));
    }

    #[test]
    fn a_profile_can_be_switched_off() {
        let off = "name = \"generic-dcim\"\nenabled = false\n";
        assert_eq!(names(&load(&[("off.toml", off)]).unwrap()), ["transcend-drivepro-body", "volume-label"]);
        let whole = format!("{PROFILE_EXAMPLE}\nenabled = false\n");
        assert_eq!(load(&[("off.toml", &whole)]).unwrap().len(), 3);
    }

    #[test]
    fn a_file_with_nothing_in_it_is_no_profile() {
        assert_eq!(load(&[("empty.toml", ""), ("comments.toml", "# name = \"x\"\n")]).unwrap().len(), 3);
        assert!(load(&[("broken.toml", "]\n")]).is_err());
    }

    #[test]
    fn the_example_loads_as_it_is_and_with_all_it_suggests_and_shows_every_key() {
        assert_eq!(load(&[("a.toml", PROFILE_EXAMPLE)]).unwrap().len(), 4);
        let suggested = |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
        let everything: String =
            PROFILE_EXAMPLE.lines().map(|line| suggested(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
        assert_eq!(load(&[("a.toml", &everything)]).unwrap().len(), 4);
        for Keys { path: table, known, .. } in [KEYS, SERIAL_KEYS] {
            for key in known {
                assert!(PROFILE_EXAMPLE.contains(&format!("{key} = ")), "{table}.{key} is not in config/profile.toml");
            }
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        for (line, said) in [
            ("usb = [\"8564\"]", "profile.usb = (a list): \"8564\" is no vendor and product"),
            ("usb = \"8564:1000\"", "profile.usb = \"8564:1000\": it is a text, not a list"),
            ("usb = []", "profile.usb = (a list): it is empty"),
            ("folders = [\"/DCIM\"]", "profile.folders = (a list): \"/DCIM\" is no path on a camera"),
            ("folders = [\"A/../B\"]", "\"A/../B\" is no path on a camera"),
            ("leave = [1]", "profile.leave = (a list): it is a number, not a text in quotes"),
            ("transprot = \"mtp\"", "did you mean \"transport\"?"),
            ("title = \"\"", "profile.title = \"\": it is empty"),
            ("serial = \"usb-string\"", "profile.serial = \"usb-string\": it is none of the words"),
            ("serial = { path = \"A\" }", "profile.serial.path is no key"),
        ] {
            let twice = ["serial", "usb", "folders", "title"].iter().find(|key| line.starts_with(**key)).copied();
            let kept = |kept: &&str| twice.is_none_or(|key| !kept.starts_with(&format!("{key} =")));
            let rest: Vec<_> = PROFILE_EXAMPLE.lines().filter(kept).collect();
            let errors = load(&[("a.toml", &format!("{}\n{line}\n", rest.join("\n")))]).unwrap_err();
            assert!(errors.contains(said), "{line}: {errors}");
        }
        let errors = load(&[("a.toml", "usb = [\"1\"]\nserial = 5\n"), ("b.toml", "name = \"x y\"\n")]).unwrap_err();
        for said in ["profile.usb", "profile.serial", "profile.name is missing", "\"x y\": it is no name"] {
            assert!(errors.contains(said), "{said}: {errors}");
        }
        let errors = load(&[("a.toml", PROFILE_EXAMPLE), ("b.toml", PROFILE_EXAMPLE)]).unwrap_err();
        assert!(errors.contains("b.toml: profile.name = ") && errors.contains("has that name already"), "{errors}");
    }

    const GOOD: &str = "name = \"good\"\nusb = [\"8564:1000\"]\ntransport = \"mass-storage\"\nserial = \"usb\"\n";

    #[test]
    fn a_broken_profile_closes_its_own_name_and_leaves_the_others_as_they_are() {
        for broken in [
            "name = \"generic-dcim\"\nenabeld = false\n",
            "name = \"generic-dcim\"\nenabled = \"no\"\n",
            "[[\nname = \"generic-dcim\"\nenabled = false\n",
            "name = 'generic-dcim'\nenabled = fal",
        ] {
            let kinds = kinds(&[("good.toml", GOOD), ("broken.toml", broken)]);
            assert_eq!(names(&kinds.profiles), ["good", "transcend-drivepro-body", "volume-label"], "{broken}");
            let said = kinds.broken[0].to_string();
            assert!(said.contains("broken.toml:"), "{said}");
            assert!(said.ends_with("Until then profile generic-dcim lets no camera in"), "{said}");
        }
        let twins = kinds(&[("good.toml", GOOD), ("twin.toml", GOOD)]);
        assert!(!names(&twins.profiles).contains(&"good"), "nobody knows which of them is meant");
    }

    #[test]
    fn a_broken_profile_without_a_name_closes_all_that_it_may_replace() {
        for broken in
            ["enabled = false\n", "name = \"generic dcim\"\nenabled = false\n", "nmae = \"generic-dcim\"\n", "]\n"]
        {
            let kinds = kinds(&[("good.toml", GOOD), ("broken.toml", broken)]);
            assert_eq!(names(&kinds.profiles), ["good"], "{broken}");
            assert_eq!(kinds.broken[0].closed, Closed::AllThatCameWithCamdock);
        }
        let folder = TempDir::new().unwrap();
        std::fs::create_dir(folder.path().join("unreadable.toml")).unwrap();
        std::fs::write(folder.path().join("good.toml"), GOOD).unwrap();
        let none = folder.path().join("none");
        assert_eq!(names(&read(&none, Some(folder.path())).profiles), ["good"]);
        let unlisted = read(&none, Some(&folder.path().join("good.toml")));
        assert!(unlisted.profiles.is_empty() && unlisted.broken.len() == 1, "{unlisted:?}");
    }
}
