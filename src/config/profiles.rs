//! Profiles: which kinds of cameras there are.
//!
//! Those that came with camdock lie in one folder, a station's own in `profiles.d` beside the configuration; of two with
//! the same name the station's counts, and one that says `enabled = false` counts as none. A file with nothing in it, or
//! only comments, is no profile.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::document::{self, Node, Value};
use super::mistake::{At, Mistakes};
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

/// Reads what came with camdock and the station's `own`, if that is known; in the order in which they are to be tried.
pub(super) fn read(shipped: &Path, own: Option<&Path>, mistakes: &mut Mistakes) -> Arc<[Arc<Profile>]> {
    let absent = std::fs::metadata(shipped).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let shipped = if absent {
        let documents = BUILT_IN.map(|(name, text)| document::parse(Path::new(name), text, mistakes));
        documents.into_iter().collect()
    } else {
        folder(shipped, mistakes)
    };
    let mut known = BTreeMap::new();
    let own = own.map(|own| folder(own, mistakes));
    for documents in std::iter::once(shipped).chain(own) {
        known.extend(named(documents, mistakes));
    }
    let mut profiles: Vec<_> = known.into_values().flatten().map(Arc::new).collect();
    Profile::sort(&mut profiles);
    profiles.into()
}

fn folder(path: &Path, mistakes: &mut Mistakes) -> Vec<Node> {
    let files = document::toml_files(path, mistakes);
    files.iter().map(|file| document::read_file(file, mistakes)).collect()
}

/// The profiles of one folder by name; `None` is one that is switched off.
fn named(documents: Vec<Node>, mistakes: &mut Mistakes) -> BTreeMap<String, Option<Profile>> {
    let mut found = BTreeMap::new();
    let empty = |document: &Node| matches!(&document.value, Value::Table(table) if table.is_empty());
    for document in documents.into_iter().filter(|document| !empty(document)) {
        let Some((name, at, profile)) = profile(document, mistakes) else { continue };
        if found.insert(name.clone(), profile).is_some() {
            let what = format!("profile.name = \"{name}\": another file in this folder has that name already");
            mistakes.add(&at, what, "give each profile a name of its own, or remove one of the files".to_owned());
        }
    }
    found
}

/// Its name and where that is written, and the profile unless it is switched off. `None` if anything is wrong.
fn profile(document: Node, mistakes: &mut Mistakes) -> Option<(String, At, Option<Profile>)> {
    let mut table = Reader::new(KEYS, document, mistakes)?;
    let name = table.required("name", "\"my-camera\"", profile_name);
    let enabled = table.or("enabled", true, values::boolean);
    if enabled == Some(false) && table.peek("transport").is_none() {
        table.close("with enabled = false and no transport");
        return name.map(|name| (name.value, name.at, None));
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
    Some((name.value, name.at, enabled?.then_some(profile)))
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
    use super::super::{ConfigErrors, PROFILE_EXAMPLE};
    use super::*;
    use crate::domain::Pattern;
    use tempfile::TempDir;

    fn load(own: &[(&str, &str)]) -> Result<Arc<[Arc<Profile>]>, ConfigErrors> {
        let folder = TempDir::new().unwrap();
        for (name, text) in own {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let mut mistakes = Mistakes::default();
        let profiles = read(&folder.path().join("none"), Some(folder.path()), &mut mistakes);
        if mistakes.is_empty() { Ok(profiles) } else { Err(mistakes.into_errors()) }
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
            let errors = load(&[("a.toml", &format!("{}\n{line}\n", rest.join("\n")))]).unwrap_err().to_string();
            assert!(errors.contains(said), "{line}: {errors}");
        }
        let errors = load(&[("a.toml", "usb = [\"1\"]\nserial = 5\n"), ("b.toml", "name = \"x y\"\n")]).unwrap_err();
        assert!(errors.into_mistakes().len() >= 3);
        let errors = load(&[("a.toml", PROFILE_EXAMPLE), ("b.toml", PROFILE_EXAMPLE)]).unwrap_err().to_string();
        assert!(errors.contains("another file in this folder has that name already"), "{errors}");
    }
}
