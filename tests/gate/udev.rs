//! As much of udev as the packaged rules use: a device's properties are forgotten at its next event unless a rule takes them
//! over from the database, what begins with a dot is in no database, and an attribute is read once per event.

use std::collections::{BTreeMap, HashMap};

use crate::usb::Machine;

const RULES: &str = include_str!("../../packaging/udev/60-camdock.rules");

/// udev, with what it remembers of each device.
#[derive(Default)]
pub(crate) struct Udev {
    database: HashMap<String, Known>,
}

/// What is known of a device.
#[derive(Default, Clone)]
struct Known {
    properties: BTreeMap<String, String>,
    tags: Vec<String>,
}

/// One event on its way through the rules.
struct Event<'u> {
    machine: &'u Machine,
    udev: &'u Udev,
    device: &'u str,
    now: Known,
    attributes: HashMap<String, Option<String>>,
}

impl Udev {
    /// The kernel says that a device came, changed, or got a driver.
    pub(crate) fn hears(&mut self, machine: &Machine, action: &str, device: &str, driver: Option<&str>) {
        let kind = if device.contains(':') { "usb_interface" } else { "usb_device" };
        let mut now = Known::default();
        let of_the_kernel =
            [("ACTION", action), ("SUBSYSTEM", "usb"), ("DEVTYPE", kind), ("DRIVER", driver.unwrap_or(""))];
        now.properties.extend(of_the_kernel.map(|(key, value)| (key.to_owned(), value.to_owned())));
        let mut event = Event { machine, udev: self, device, now, attributes: HashMap::new() };
        event.run();
        let mut known = event.now;
        known.properties.retain(|key, _| key.starts_with("CAMDOCK_"));
        self.database.insert(device.to_owned(), known);
    }

    /// A device was pulled out.
    pub(crate) fn forgets(&mut self, device: &str) {
        self.database.remove(device);
    }
}

impl Event<'_> {
    fn run(&mut self) {
        let mut skip_to: Option<String> = None;
        for line in RULES.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let parts: Vec<_> = line.split(", ").map(part).collect();
            if let Some(label) = &skip_to {
                if !parts.contains(&("LABEL", "=", label)) {
                    continue;
                }
                skip_to = None;
            }
            let is_asked = |operator: &str| operator == "==" || operator == "!=";
            let asked = |(key, operator, _): &&(&str, &str, &str)| is_asked(operator) || key.starts_with("IMPORT");
            let mut questions = parts.iter().filter(asked);
            if questions.all(|(key, operator, value)| self.holds(key, value) == (*operator != "!=")) {
                for (key, _, value) in parts.iter().filter(|part| !asked(part)) {
                    match *key {
                        "GOTO" => skip_to = Some((*value).to_owned()),
                        key => self.sets(key, value),
                    }
                }
            }
        }
        assert_eq!(skip_to, None, "a label is missing");
    }

    fn holds(&mut self, key: &str, value: &str) -> bool {
        let is = match inner(key) {
            ("IMPORT", "db") => {
                let known = self.udev.database.get(self.device).and_then(|known| known.properties.get(value)).cloned();
                return known.map(|known| self.now.properties.insert(value.to_owned(), known)).is_some();
            }
            ("IMPORT", "program") => return self.asks(value),
            ("TAGS", _) => {
                let parent = self.device.split(':').next().and_then(|parent| self.udev.database.get(parent));
                return parent.is_some_and(|parent| parent.tags.iter().any(|tag| tag == value));
            }
            ("ATTR", attribute) => self.attribute(attribute).unwrap_or_default(),
            ("ENV", property) | (property, _) => self.now.properties.get(property).cloned().unwrap_or_default(),
        };
        value.split('|').any(|pattern| glob(pattern.as_bytes(), is.as_bytes()))
    }

    fn asks(&mut self, command: &str) -> bool {
        let arguments = command.strip_prefix("/usr/bin/camdock ").expect("camdock is asked");
        let arguments = arguments.replace("$kernel", self.device);
        let answer = self.machine.ended(&arguments.split(' ').collect::<Vec<_>>());
        let said = String::from_utf8(answer.stdout).unwrap();
        let lines = said.lines().filter_map(|line| line.split_once('='));
        let lines: Vec<_> = lines.map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        if answer.status.success() {
            self.now.properties.extend(lines);
        }
        answer.status.success()
    }

    fn sets(&mut self, key: &str, value: &str) {
        let mut text = value.to_owned();
        while let Some((before, (kind, (name, after)))) = text.split_once('$').and_then(|(before, rest)| {
            let (kind, rest) = rest.split_once('{')?;
            Some((before, (kind, rest.split_once('}')?)))
        }) {
            let meant = match kind {
                "env" => self.now.properties.get(name).cloned(),
                "attr" => self.attribute(name),
                other => panic!("${other} is not known here"),
            };
            text = format!("{before}{}{after}", meant.unwrap_or_default());
        }
        match inner(key) {
            ("ENV", property) if text.is_empty() => drop(self.now.properties.remove(property)),
            ("ENV", property) => drop(self.now.properties.insert(property.to_owned(), text)),
            ("ATTR", attribute) => {
                let folder = self.folder();
                self.machine.write(&format!("{folder}/{attribute}"), text.as_bytes());
            }
            ("TAG", _) => self.now.tags.push(text),
            ("OWNER" | "GROUP" | "MODE" | "LABEL", _) => {}
            other => panic!("{other:?} is not known here"),
        }
    }

    fn attribute(&mut self, name: &str) -> Option<String> {
        let path = self.machine.path(&self.folder()).join(name);
        let read = || std::fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned());
        self.attributes.entry(name.to_owned()).or_insert_with(read).clone()
    }

    fn folder(&self) -> String {
        let (device, interface) =
            self.device.split_once(':').map_or((self.device, ""), |(device, _)| (device, self.device));
        format!("devices/{device}/{interface}")
    }
}

/// `KEY{name}=="value"` in its three parts.
fn part(text: &str) -> (&str, &str, &str) {
    let at = text.find(['=', '!', '+']).unwrap();
    let length = if text[at..].starts_with("=\"") { 1 } else { 2 };
    (&text[..at], &text[at..at + length], text[at + length..].trim_matches('"'))
}

/// `KEY{name}` as its two parts.
fn inner(key: &str) -> (&str, &str) {
    key.strip_suffix('}').and_then(|key| key.split_once('{')).unwrap_or((key, ""))
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => (0..=text.len()).any(|skipped| glob(rest, &text[skipped..])),
        [b'?', rest @ ..] => !text.is_empty() && glob(rest, &text[1..]),
        [byte, rest @ ..] => text.first() == Some(byte) && glob(rest, &text[1..]),
    }
}
