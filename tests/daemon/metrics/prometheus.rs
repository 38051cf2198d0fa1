//! The real Prometheus, in a temporary folder, on this machine's own address.
//!
//! Promises: every wait ends, what fails tells the end of its log, and it ends with the test.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Child;
use tokio::time::{Instant, sleep};
use url::Url;

const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Something that the package has for Prometheus or Grafana.
pub(super) fn packaged(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging").join(path)
}

/// A port that was free just now.
pub(super) fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Runs `promtool` to its end; it gets `input`.
pub(super) fn promtool(arguments: &[&str], input: &str) -> Output {
    let mut command = Command::new("promtool");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool; `make tools` installs it");
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A Prometheus that asks these addresses every second, and knows camdock's rules.
pub(super) struct Prometheus {
    folder: TempDir,
    at: SocketAddr,
    _child: Child,
}

/// One series of an answer: its labels, and its value now.
#[derive(Debug, Clone)]
pub(super) struct Sample {
    pub(super) labels: Value,
    pub(super) value: f64,
}

impl Prometheus {
    pub(super) async fn watching(stations: &[SocketAddr]) -> Self {
        let (folder, at) = (TempDir::new().unwrap(), free_port());
        let mut config = format!(
            "global: {{scrape_interval: 1s, evaluation_interval: 1s}}\nrule_files: [{}]\nscrape_configs:\n  - job_name: camdock\n    static_configs:\n      - targets:\n",
            packaged("prometheus/camdock.rules.yml").display()
        );
        for station in stations {
            writeln!(config, "          - {station}").unwrap();
        }
        let path = folder.path().join("prometheus.yml");
        std::fs::write(&path, config).unwrap();
        let checked = promtool(&["check", "config", path.to_str().unwrap()], "");
        assert!(checked.status.success(), "{checked:?}");
        let log = File::create(folder.path().join("log")).unwrap();
        let child = tokio::process::Command::new("prometheus")
            .arg(format!("--config.file={}", path.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={at}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("prometheus; `make tools` installs it");
        let prometheus = Self { folder, at, _child: child };
        let all = u32::try_from(stations.len()).unwrap();
        prometheus.until("it watches all of them", "sum(up)", |samples| is(samples, all)).await;
        prometheus
    }

    async fn get(&self, path: &str, parameters: &[(&str, &str)]) -> Option<String> {
        let url = Url::parse_with_params(&format!("http://{}{path}", self.at), parameters).unwrap();
        reqwest::get(url).await.ok()?.text().await.ok()
    }

    async fn data(&self, path: &str, parameters: &[(&str, &str)]) -> Option<Value> {
        let answer: Value = serde_json::from_str(&self.get(path, parameters).await?).ok()?;
        assert_eq!(
            (&answer["status"], &answer["warnings"]),
            (&"success".into(), &Value::Null),
            "{parameters:?}: {answer}"
        );
        Some(answer["data"].clone())
    }

    /// What a query gives now.
    pub(super) async fn query(&self, expression: &str) -> Vec<Sample> {
        let data = self.data("/api/v1/query", &[("query", expression)]).await;
        let result = data.map(|data| data["result"].as_array().cloned().expect("a list of series")).unwrap_or_default();
        let sample = |series: Value| {
            let value = series["value"][1].as_str().and_then(|number| number.parse().ok()).expect("a number");
            Sample { labels: series["metric"].clone(), value }
        };
        result.into_iter().map(sample).collect()
    }

    /// Asks until the answer is as wanted.
    pub(super) async fn until(&self, what: &str, expression: &str, wanted: impl Fn(&[Sample]) -> bool) -> Vec<Sample> {
        let began = Instant::now();
        let mut last = Vec::new();
        while began.elapsed() < PATIENCE {
            last = self.query(expression).await;
            if wanted(&last) {
                return last;
            }
            sleep(LOOK_EVERY).await;
        }
        panic!("waiting until {what}: {expression} gives {last:?}\n{}", self.log());
    }

    /// How many of camdock's series it has ever seen.
    pub(super) async fn series_ever(&self) -> usize {
        let all = self.data("/api/v1/series", &[("match[]", r#"{__name__=~"camdock_.+"}"#)]).await.unwrap();
        all.as_array().unwrap().len()
    }

    /// It took every sample that it was given, each once and in its place.
    pub(super) async fn assert_nothing_was_refused(&self) {
        let own = self.get("/metrics", &[]).await.unwrap();
        for what in ["duplicate_timestamp", "out_of_order", "out_of_bounds"] {
            let counted = format!("\nprometheus_target_scrapes_sample_{what}_total 0\n");
            assert!(own.contains(&counted), "{what}\n{}", self.log());
        }
        let lost = "scrape_samples_scraped != scrape_samples_post_metric_relabeling";
        assert!(self.query(lost).await.is_empty(), "{}", self.log());
        assert!(!self.log().contains("level=error"), "{}", self.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// Whether an answer is this one number.
pub(super) fn is(samples: &[Sample], number: u32) -> bool {
    matches!(samples, [Sample { value, .. }] if (value - f64::from(number)).abs() < 1e-9)
}
