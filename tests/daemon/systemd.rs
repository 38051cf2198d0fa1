//! What systemd hears from the real daemon.

use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::net::UnixDatagram;
use tokio::process::Command;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(30);

/// Where systemd listens.
struct Notices {
    socket: UnixDatagram,
}

impl Notices {
    /// The next notice with this line in it, and whatever else is in it.
    async fn until(&self, line: &str) -> String {
        let heard = async {
            loop {
                let mut notice = vec![0; 4096];
                let length = self.socket.recv(&mut notice).await.unwrap();
                let notice = String::from_utf8(notice[..length].to_vec()).unwrap();
                if notice.lines().any(|heard| heard.starts_with(line)) {
                    return notice;
                }
            }
        };
        timeout(PATIENCE, heard).await.unwrap_or_else(|_| panic!("systemd never hears {line}"))
    }
}

#[tokio::test]
async fn an_idle_station_says_so_and_keeps_the_watchdog_fed() {
    let folder = TempDir::new().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["bay", "nas"] {
        std::fs::create_dir(path(name)).unwrap();
    }
    let config = format!(
        "[station]\nid = \"hq-01\"\ndata_dir = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\n[[bay]]\nname = \"1\"\nfolder = {:?}\n\
         [[destination]]\nname = \"nas\"\nkind = \"folder\"\npath = {:?}\nsame_disk = true\n",
        path("data"),
        path("bay"),
        path("nas")
    );
    std::fs::write(path("camdock.toml"), config).unwrap();
    let notices = Notices { socket: UnixDatagram::bind(path("notify")).unwrap() };
    let mut command = Command::new(env!("CARGO_BIN_EXE_camdock"));
    command.arg("--config").arg(path("camdock.toml")).arg("run").env("NOTIFY_SOCKET", path("notify"));
    let mut daemon = command.stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();

    notices.until("READY=1").await;
    let status = notices.until("STATUS=").await;
    assert!(status.contains("STATUS=no camera; nothing queued"), "{status}");
    for _ in 0..3 {
        notices.until("WATCHDOG=1").await;
    }
    let id = Pid::from_raw(daemon.id().unwrap().cast_signed()).unwrap();
    kill_process(id, Signal::TERM).unwrap();
    notices.until("STOPPING=1").await;
    assert!(timeout(PATIENCE, daemon.wait()).await.unwrap().unwrap().success());
}
