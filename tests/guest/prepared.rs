//! The guest with camdock installed as its documentation says, running, and saved: every scenario goes on from there.
//!
//! Kept below `target/guest` under a key of everything that went in; built by whoever comes first, while the others wait.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use camdock_test_support::azurite::Azurite;
use camdock_test_support::footage::hex;
use reqwest::Method;
use rustix::fs::FlockOperation;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use tokio::process::Command;

use super::camera::package_stick;
use super::machine::{Accelerator, DataDisk, Disks, Guest, Medium, run};

/// The container in the cloud, and what goes before the names in it.
pub(crate) const CONTAINER: &str = "evidence";
pub(crate) const PREFIX: &str = "guest";
/// Where the package lies in the guest.
pub(crate) const PACKAGE: &str = "/root/camdock_0.deb";
/// Where its next version lies.
pub(crate) const NEXT_VERSION: &str = "/root/camdock_next.deb";
/// What a station's administrator writes.
const CONFIGURATION: &str = include_str!("files/camdock.toml");
/// The emulated drive is no camera that camdock knows.
const PROFILE: &str = include_str!("files/emulated.toml");

/// A saved guest.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    base: PathBuf,
    folder: PathBuf,
}

impl Prepared {
    /// The saved guest; makes it first if there is none of the present package.
    pub(crate) async fn get() -> Self {
        let lock = File::create(cache().join("lock")).unwrap();
        let lock = tokio::task::spawn_blocking(move || {
            rustix::fs::flock(&lock, FlockOperation::LockExclusive).unwrap();
            lock
        });
        let _lock = lock.await.unwrap();

        let mut build = Command::new(here().join("image/build.sh"));
        build.arg(cache());
        let base = PathBuf::from(run(build).await.trim());
        let package = package();
        let mut key = Sha256::new();
        for part in [base.as_os_str().as_encoded_bytes(), CONFIGURATION.as_bytes(), PROFILE.as_bytes()] {
            key.update(part);
        }
        key.update(format!("{:?}", Accelerator::of_this_machine()).as_bytes());
        key.update(include_bytes!("machine.rs"));
        key.update(include_bytes!("prepared.rs"));
        let mut content = Vec::new();
        File::open(&package).unwrap().read_to_end(&mut content).unwrap();
        key.update(&content);
        let folder = cache().join(format!("prepared-{}", &hex(&key.finalize())[..12]));

        let prepared = Self { base, folder };
        if !prepared.folder.join("state").exists() {
            forget_others();
            prepared.make(&package).await;
        }
        prepared
    }

    /// New disks over the saved guest's.
    pub(crate) async fn disks(&self, folder: &Path) -> Disks {
        Disks::over(&self.folder, &self.base, folder).await
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Installs the package and starts the service, step by step as an administrator would.
    async fn make(&self, package: &Path) {
        let work = self.folder.with_extension("making");
        remove(&work);
        let azurite = cloud().await;
        let disks = Disks::over(&self.base, &self.base, &work).await;
        let mut machine = Guest::start(disks, DataDisk::Steady, azurite.endpoint.port().unwrap()).await;
        machine.up().await;

        let bench = TempDir::new().unwrap();
        let next = next_version(package, bench.path()).await;
        let stick = package_stick(bench.path(), &[(package, "camdock.deb"), (&next, "next.deb")]).await;
        machine.plug(8, &stick, "PACKAGES", Medium::default()).await;
        machine
            .run(&format!(
                "until [ -e /dev/disk/by-label/PACKAGES ]; do sleep 0.1; done
                 mount -o ro /dev/disk/by-label/PACKAGES /mnt && cp /mnt/camdock.deb {PACKAGE} && cp /mnt/next.deb {NEXT_VERSION} && umount /mnt"
            ))
            .await;
        machine.yank(8).await;

        machine.run(&format!("DEBIAN_FRONTEND=noninteractive apt-get install --yes {PACKAGE}")).await;
        machine.run_with("cat >/etc/camdock/camdock.toml", CONFIGURATION.as_bytes()).await;
        let profile = "mkdir -p /etc/camdock/profiles.d && cat >/etc/camdock/profiles.d/emulated.toml";
        machine.run_with(profile, PROFILE.as_bytes()).await;
        // It may read, create, write and list, and never delete.
        let sas = Azurite::sas("rcwl", OffsetDateTime::now_utc() + Duration::days(3650));
        let credential = "install -m 0640 -g camdock /dev/stdin /etc/camdock/primary.sas";
        machine.run_with(credential, sas.as_bytes()).await;
        machine.run("systemctl enable camdock && systemctl restart camdock && systemctl is-active camdock").await;
        machine.run("camdock status").await;
        machine.save(&work.join("state")).await;
        std::fs::rename(&work, &self.folder).unwrap();
    }
}

/// A cloud of which every guest thinks that it is the one it has met: the saved one may have enrolled it.
pub(crate) async fn cloud() -> Azurite {
    let azurite = Azurite::start().await.unwrap();
    azurite.create_container(CONTAINER).await.unwrap();
    let enrolment = format!("{CONTAINER}/.camdock/place");
    let answer = azurite.request(Method::PUT, &enrolment, "camdock-place 00112233445566778899aabbccddeeff\n").await;
    assert!(answer.unwrap().status().is_success());
    azurite
}

/// Removes the saved guests of other packages; each takes hundreds of megabytes.
fn forget_others() {
    for entry in std::fs::read_dir(cache()).unwrap() {
        let entry = entry.unwrap();
        if entry.file_name().to_string_lossy().starts_with("prepared-") {
            remove(&entry.path());
        }
    }
}

/// The folder in which everything about the guest is kept.
pub(crate) fn cache() -> PathBuf {
    let folder = project().join("target/guest");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[expect(clippy::disallowed_methods, reason = "what is removed is the lane's own cache")]
pub(crate) fn remove(folder: &Path) {
    if let Err(error) = std::fs::remove_dir_all(folder) {
        assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{}: {error}", folder.display());
    }
}

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The package that `make deb` built last, or the one that `CAMDOCK_DEB` names.
fn package() -> PathBuf {
    if let Some(chosen) = std::env::var_os("CAMDOCK_DEB") {
        return PathBuf::from(chosen);
    }
    let folder = project().join("target/debian");
    let files = std::fs::read_dir(&folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    let packages = files.filter(|path| path.extension().is_some_and(|extension| extension == "deb"));
    let newest = packages.max_by_key(|path| path.metadata().and_then(|metadata| metadata.modified()).unwrap());
    newest.unwrap_or_else(|| panic!("there is no package in {}: run `make deb`", folder.display()))
}

/// The same package with a higher version.
async fn next_version(package: &Path, folder: &Path) -> PathBuf {
    let (tree, next) = (folder.join("tree"), folder.join("next.deb"));
    let mut unpack = Command::new("dpkg-deb");
    unpack.arg("--raw-extract").arg(package).arg(&tree);
    run(unpack).await;
    let control = tree.join("DEBIAN/control");
    let text = std::fs::read_to_string(&control).unwrap();
    let lines = text
        .lines()
        .map(|line| if line.starts_with("Version:") { format!("{line}+next\n") } else { format!("{line}\n") });
    std::fs::write(control, lines.collect::<String>()).unwrap();
    let mut pack = Command::new("dpkg-deb");
    pack.args(["--root-owner-group", "-Zgzip", "-z1", "--build"]).arg(&tree).arg(&next);
    run(pack).await;
    next
}
