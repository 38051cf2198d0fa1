//! What udev and systemd are told about lamps, and the sheet for the wall. What udev's rule does then is seen in the guest, where the real
//! udev and real LEDs are.

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

const LAMPS: &str = "[station]\nlamp = { rgb = \"station:status\" }\n[[bay]]\nname = \"1\"\nlamp = \"apu:green:1\"\n\
                     [[bay]]\nname = \"2\"\nlamp = { green = \"b2:green\", red = \"b2:red\" }\n[[bay]]\nname = \"3\"\nlamp = 3\n\
                     [[bay]]\nname = \"4\"\nlamp = { gpio = \"gpiochip0\", green = 1, red = 2 }\n";

/// A folder with this configuration in it.
fn with(text: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("camdock.toml"), text).unwrap();
    folder
}

/// What a command prints, and how it ends.
fn says(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let mut command = Command::cargo_bin("camdock").unwrap();
    let output = command.arg("--config").arg(folder.join("camdock.toml")).args(arguments).output().unwrap();
    (String::from_utf8([output.stdout, output.stderr].concat()).unwrap(), output.status.code().unwrap())
}

#[test]
fn udev_is_told_which_leds_are_lamps_whatever_else_is_wrong() {
    let folder = with(LAMPS);
    for led in ["station:status", "apu:green:1", "b2:green", "b2:red"] {
        let told = says(folder.path(), &["lamp", "mine", "--", led]);
        assert_eq!(told, ("CAMDOCK_LAMP=yes\n".to_owned(), 0), "{led}");
    }
    for led in ["input3::capslock", "gpiochip0", "apu:green:11", "--help", "a b", "../b2:red"] {
        assert_eq!(says(folder.path(), &["lamp", "mine", "--", led]), ("CAMDOCK_LAMP=no\n".to_owned(), 0), "{led}");
    }
}

#[test]
fn without_a_configuration_udev_is_told_nothing() {
    let folder = TempDir::new().unwrap();
    let (said, code) = says(folder.path(), &["lamp", "mine", "--", "apu:green:1"]);
    assert!(!said.contains("CAMDOCK_LAMP") && code != 0, "{said}");
}

#[test]
fn a_station_without_lamps_has_none_to_make_dark() {
    assert_eq!(says(with("[station]\nid = \"hq-01\"\n").path(), &["lamp", "dark"]), (String::new(), 0));
    let (said, code) = says(with(LAMPS).path(), &["lamp", "dark"]);
    assert!(said.contains("/sys/class/leds/station:status/brightness") && code == 1, "{said}");
}

#[test]
fn the_sheet_for_the_wall_is_in_the_language_that_is_asked_for_and_shows_the_rhythms_that_are_configured() {
    let folder = TempDir::new().unwrap();
    let lit = |sheet: &str| sheet.matches("class=\"lit\"").count();
    let (sheet, code) = says(folder.path(), &["gen", "legend", "--language", "cy"]);
    assert!(code == 0 && sheet.starts_with("<?xml ") && sheet.contains(">Cymerwch hwn<"), "{sheet}");
    let usual = lit(&sheet);
    std::fs::write(folder.path().join("camdock.toml"), CONFIGURED).unwrap();
    let (sheet, code) = says(folder.path(), &["gen", "legend"]);
    assert!(code == 0 && sheet.contains(">Take this one<"), "{sheet}");
    assert_eq!(lit(&sheet), usual + 1, "a free bay blinks once in four seconds here");
    std::fs::write(folder.path().join("camdock.toml"), "[lamps]\nfree = 1\n").unwrap();
    assert_eq!(says(folder.path(), &["gen", "legend"]).1, 2, "nobody knows how lamps blink there");
    let (said, code) = says(folder.path(), &["gen", "legend", "--language", "fr"]);
    assert!(code == 2 && said.contains("camdock speaks en, es, cy"), "{said}");
}

const CONFIGURED: &str = "[station]\nid = \"hq-01\"\ndata_dir = \"/var/lib/camdock\"\n[lamps]\nfree = [100, 4000]\n\
                          [[destination]]\nname = \"nas\"\nkind = \"folder\"\npath = \"/mnt/evidence\"\n";
