//! What cameras hold, and whether it arrived: each segment once, bit for bit, and nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use reqwest::Method;
use sha2::{Digest as _, Sha256};

use crate::azurite::Azurite;

/// The SHA-256 of something, in hexadecimal digits.
pub fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// A camera's serial and its files.
#[derive(Debug, Clone)]
pub struct Footage {
    /// Its serial.
    pub serial: String,
    /// Path and content of each file.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Footage {
    /// Files of `length` bytes each, named as cameras do; other seeds give other contents.
    pub fn random(serial: &str, files: usize, length: usize, seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let files = (1..=files).map(|number| {
            let mut content = vec![0; length];
            random.fill(&mut content);
            (format!("DCIM/100BWC/MOV_{number:04}.MP4"), content)
        });
        Self { serial: serial.to_owned(), files: files.collect() }
    }

    /// Writes the files below `root`, which becomes the camera.
    pub fn write_to(&self, root: &Path) {
        for (path, content) in &self.files {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    /// How many requests upload it if nothing is sent twice: one for each chunk, one for each commit.
    pub fn puts(&self, chunk_size: usize) -> u64 {
        self.files.iter().map(|(_, content)| content.len().div_ceil(chunk_size) as u64 + 1).sum()
    }

    /// Object name, less prefix and date, and hash of each file.
    fn expected(&self) -> impl Iterator<Item = (String, String)> {
        self.files.iter().map(|(path, content)| {
            let hash = sha256(content);
            let (stem, extension) = path.rsplit('/').next().unwrap().rsplit_once('.').unwrap();
            (format!("{}/{stem}-{}.{extension}", self.serial, &hash[..16]), hash)
        })
    }
}

/// How many regular files there are below `root`.
pub fn files_below(root: &Path) -> usize {
    let entries = std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap());
    entries.map(|entry| if entry.file_type().unwrap().is_dir() { files_below(&entry.path()) } else { 1 }).sum()
}

impl Azurite {
    /// The names of the objects in a container below `prefix`, less that.
    pub async fn objects(&self, container: &str, prefix: &str) -> Vec<String> {
        let path = format!("{container}?restype=container&comp=list&prefix={prefix}/");
        let list = self.request(Method::GET, &path, "").await.unwrap().text().await.unwrap();
        assert!(list.contains("<NextMarker/>") || list.contains("<NextMarker />"), "the whole list: {list}");
        let names = list.split("<Name>").skip(1).map(|rest| rest.split('<').next().unwrap());
        names.map(|name| name[prefix.len() + 1..].to_owned()).collect()
    }

    /// Downloads everything below `prefix` and holds it against what the cameras held: each segment once, and nothing
    /// else.
    pub async fn assert_arrived_once(&self, container: &str, prefix: &str, cameras: &[&Footage]) {
        let expected: BTreeMap<_, _> = cameras.iter().flat_map(|footage| footage.expected()).collect();
        let mut arrived = BTreeMap::new();
        for object in self.objects(container, prefix).await {
            let path = format!("{container}/{prefix}/{object}");
            let content = self.request(Method::GET, &path, "").await.unwrap().bytes().await.unwrap();
            let parts: Vec<_> = object.split('/').collect();
            let [camera, _year, _month, _day, name] = parts[..] else { panic!("an object called {object}") };
            let twice = arrived.insert(format!("{camera}/{name}"), sha256(&content));
            assert!(twice.is_none(), "{object} is there twice");
        }
        assert_eq!(arrived, expected);
    }
}
