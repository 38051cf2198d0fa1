//! Kinds of cameras: how to know one, and where on it the evidence lies.
//!
//! Promises: nothing that no profile matches is ever touched. Matching looks at descriptors only; whatever needs the
//! camera to be opened is a probe, and belongs to the adapter.

use std::time::Duration;

use super::{SourcePath, Transport, UsbDevice, UsbId};

/// One kind of camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name, which a site's own profile of the same name replaces.
    pub name: String,
    /// The camera as people call it.
    pub title: String,
    /// What its descriptors look like.
    pub matches: UsbMatch,
    /// How to talk to it.
    pub transport: Transport,
    /// Where evidence lies: everything in these folders, and below them. Empty: everywhere.
    pub folders: Vec<SourcePath>,
    /// What is not evidence and stays on the camera: patterns for a path, or for a file's name if there is no `/` in it.
    pub leave: Vec<Pattern>,
    /// Where the serial is written.
    pub serial: SerialSource,
    /// What its volume must be called, if that says something.
    pub label: Option<Pattern>,
    /// How long a file on it must not have changed before it counts as written to the end: for cameras that go on writing
    /// while they are drives.
    pub quiet_time: Duration,
}

/// What a kind of camera's USB descriptors look like.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsbMatch {
    /// Vendor and product; a product of `None` is any product. Empty: any device of the transport's class.
    pub ids: Vec<(u16, Option<u16>)>,
    /// What the manufacturer's text must look like.
    pub manufacturer: Option<Pattern>,
    /// What the product's text must look like.
    pub product: Option<Pattern>,
}

/// How much a [`UsbMatch`] leaves open, from the narrowest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Breadth {
    /// It names products.
    Product,
    /// It names vendors.
    Vendor,
    /// It goes by what devices call themselves.
    Texts,
    /// Any device of the transport's class will do.
    Anything,
}

/// Where a camera's serial is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SerialSource {
    /// The USB serial string.
    Usb,
    /// The label of its file system.
    Label,
    /// The first line of a file on it.
    File(SourcePath),
}

/// A text with `*` for any run of characters and `?` for any one; upper and lower case are the same. A byte that is part of
/// no character counts as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Takes the pattern as it is written.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it describes the whole of `text`.
    #[must_use]
    pub fn describes(&self, text: &[u8]) -> bool {
        let pattern: Vec<char> = self.0.chars().collect();
        let text = characters(text);
        let (mut at, mut seen) = (0, 0);
        // Where to go back to: the last `*`, and how much of the text it has swallowed.
        let mut star = None;
        while seen < text.len() {
            match pattern.get(at) {
                Some('*') => {
                    star = Some((at, seen));
                    at += 1;
                }
                Some(expected) if *expected == '?' || text[seen].is_ok_and(|seen| is_same(*expected, seen)) => {
                    at += 1;
                    seen += 1;
                }
                _ => {
                    let Some((back, swallowed)) = star else { return false };
                    star = Some((back, swallowed + 1));
                    at = back + 1;
                    seen = swallowed + 1;
                }
            }
        }
        pattern[at..].iter().all(|rest| *rest == '*')
    }
}

/// The characters of a text, and the bytes in it that are none.
fn characters(text: &[u8]) -> Vec<Result<char, u8>> {
    let chunks = text.utf8_chunks();
    chunks.flat_map(|part| part.valid().chars().map(Ok).chain(part.invalid().iter().copied().map(Err))).collect()
}

fn is_same(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase())
}

impl UsbMatch {
    /// Whether the device is one of those described, whatever its interfaces are for.
    #[must_use]
    pub fn describes(&self, device: &UsbDevice) -> bool {
        let UsbId { vendor, product } = device.id;
        let listed = |(v, p): &(u16, Option<u16>)| *v == vendor && p.is_none_or(|p| p == product);
        let looks = |pattern: &Option<Pattern>, text: &Option<String>| match pattern {
            None => true,
            // Devices pad their texts, and people copy what they see.
            Some(Pattern(pattern)) => {
                Pattern::new(pattern.trim()).describes(text.as_deref().unwrap_or_default().trim().as_bytes())
            }
        };
        (self.ids.is_empty() || self.ids.iter().any(listed))
            && looks(&self.manufacturer, &device.manufacturer)
            && looks(&self.product, &device.product)
    }

    /// How much it leaves open; what says more about a camera is tried first.
    #[must_use]
    pub fn breadth(&self) -> Breadth {
        if self.ids.iter().any(|(_, product)| product.is_some()) {
            Breadth::Product
        } else if !self.ids.is_empty() {
            Breadth::Vendor
        } else if self.manufacturer.is_some() || self.product.is_some() {
            Breadth::Texts
        } else {
            Breadth::Anything
        }
    }
}

impl Profile {
    /// Whether the device's descriptors are those of this kind of camera.
    #[must_use]
    pub fn matches(&self, device: &UsbDevice) -> bool {
        self.matches.describes(device) && self.transport.fits(device)
    }

    /// Sorts kinds of cameras so that the first that fits is the likeliest: the narrowest match first, and among equals
    /// those that ask for a volume label.
    pub fn sort(profiles: &mut [std::sync::Arc<Self>]) {
        profiles.sort_by(|a, b| {
            let key = |profile: &Self| (profile.matches.breadth(), profile.label.is_none());
            key(a).cmp(&key(b)).then_with(|| a.name.cmp(&b.name))
        });
    }

    /// Whether a path on the camera is evidence: in one of the folders, and not to be left alone.
    #[must_use]
    pub fn is_evidence(&self, path: &SourcePath) -> bool {
        let beneath = |folder: &SourcePath| {
            let (folder, path) = (folder.as_bytes(), path.as_bytes());
            path.len() > folder.len() && path[folder.len()] == b'/' && path[..folder.len()].eq_ignore_ascii_case(folder)
        };
        let left = |pattern: &Pattern| {
            let whole = pattern.as_str().contains('/');
            pattern.describes(if whole { path.as_bytes() } else { path.file_name() })
        };
        (self.folders.is_empty() || self.folders.iter().any(beneath)) && !self.leave.iter().any(left)
    }

    /// Whether a volume that cannot be looked into is to be left alone, by the path of its image. Only a pattern that
    /// begins with `/`, as no file's path does, can be meant for it.
    #[must_use]
    pub fn leaves_volume(&self, image: &SourcePath) -> bool {
        let meant = |pattern: &&Pattern| pattern.as_str().starts_with('/');
        self.leave.iter().filter(meant).any(|pattern| pattern.describes(image.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{UsbClass, UsbSpeed};

    const STORAGE: UsbClass = UsbClass { class: 8, subclass: 6, protocol: 0x50 };
    const KEYBOARD: UsbClass = UsbClass { class: 3, subclass: 1, protocol: 1 };

    fn device(interfaces: &[UsbClass]) -> UsbDevice {
        UsbDevice {
            port: "1-1".parse().unwrap(),
            address: 4,
            id: UsbId { vendor: 0x8564, product: 0x1000 },
            release: 0x0100,
            manufacturer: Some("Transcend".to_owned()),
            product: Some("DrivePro Body 30".to_owned()),
            serial: None,
            interfaces: interfaces.to_vec(),
            speed: UsbSpeed::High,
        }
    }

    fn profile() -> Profile {
        Profile {
            name: "drivepro-body".to_owned(),
            title: "Transcend DrivePro Body".to_owned(),
            matches: UsbMatch {
                ids: vec![(0x8564, None)],
                product: Some(Pattern::new("DrivePro*")),
                ..UsbMatch::default()
            },
            transport: Transport::MassStorage,
            folders: vec![SourcePath::new(b"DCIM".to_vec())],
            leave: vec![Pattern::new("*.thm"), Pattern::new("DCIM/tmp/*")],
            serial: SerialSource::Usb,
            label: None,
            quiet_time: Duration::ZERO,
        }
    }

    #[test]
    fn a_camera_that_is_also_a_keyboard_is_no_camera() {
        assert!(profile().matches(&device(&[STORAGE])));
        assert!(!profile().matches(&device(&[STORAGE, KEYBOARD])));
        assert!(!profile().matches(&device(&[])), "nothing is known about it");
    }

    #[test]
    fn another_vendor_or_product_is_no_match() {
        let other = UsbDevice { id: UsbId { vendor: 0x8565, product: 0x1000 }, ..device(&[STORAGE]) };
        assert!(!profile().matches(&other));
        let other = UsbDevice { product: Some("JetFlash".to_owned()), ..device(&[STORAGE]) };
        assert!(!profile().matches(&other));
    }

    #[test]
    fn the_kind_of_camera_that_says_most_is_tried_first() {
        let any = Profile { name: "any".to_owned(), matches: UsbMatch::default(), ..profile() };
        let label = Profile { name: "label".to_owned(), label: Some(Pattern::new("BWC*")), ..any.clone() };
        let texts = UsbMatch { product: Some(Pattern::new("Drive*")), ..UsbMatch::default() };
        let texts = Profile { name: "texts".to_owned(), matches: texts, ..profile() };
        let ids = UsbMatch { ids: vec![(0x8564, Some(0x1000))], ..UsbMatch::default() };
        let ids = Profile { name: "ids".to_owned(), matches: ids, ..profile() };
        let mut sorted = [any, label, texts, profile(), ids].map(std::sync::Arc::new);
        Profile::sort(&mut sorted);
        assert_eq!(sorted.map(|profile| profile.name.clone()), ["ids", "drivepro-body", "texts", "label", "any"]);
    }

    #[test]
    fn evidence_is_what_lies_in_the_folders_and_is_not_left_alone() {
        let evidence = |path: &str| profile().is_evidence(&SourcePath::new(path.as_bytes().to_vec()));
        assert!(evidence("DCIM/100/A.MP4") && evidence("dcim/B.MP4"));
        assert!(!evidence("DCIM") && !evidence("DCIMX/A.MP4") && !evidence("config.txt"));
        assert!(!evidence("DCIM/100/A.THM") && !evidence("DCIM/tmp/x/A.MP4"));
    }

    #[test]
    fn a_pattern_describes_the_whole_text() {
        for (pattern, text, described) in [
            ("*", "", true),
            ("a*c", "abbc", true),
            ("a*c", "abcb", false),
            ("*.mp4", "A.MP4.mp4", true),
            ("B?C", "bxc", true),
            ("b", "bb", false),
            ("K?rper", "K\u{f6}rper", true),
            ("K??rper", "K\u{f6}rper", false),
            ("k\u{d6}r*", "K\u{f6}rper", true),
        ] {
            assert_eq!(Pattern::new(pattern).describes(text.as_bytes()), described, "{pattern} {text}");
        }
        assert!(Pattern::new("K?rper*").describes(b"K\xf6rper\xff"), "a byte that is no character counts as one");
    }

    #[test]
    fn spaces_around_a_devices_texts_do_not_count() {
        for (pattern, text) in [("DrivePro*", "  DrivePro Body 30 "), (" DrivePro ", "DrivePro"), ("", "  ")] {
            let matches = UsbMatch { product: Some(Pattern::new(pattern)), ..UsbMatch::default() };
            let device = UsbDevice { product: Some(text.to_owned()), ..device(&[STORAGE]) };
            assert!(matches.describes(&device), "{pattern:?} {text:?}");
        }
    }
}
