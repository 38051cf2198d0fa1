//! The older text format, for those who do not ask for `OpenMetrics`: the same lines, with families named as their series are.

/// Says in the older format what a text in the newer one says.
pub(super) fn from_open_metrics(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut told = None;
    for line in text.lines() {
        let mut words = line.splitn(4, ' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), Some(_), help) => told = help,
            (Some("#"), Some("TYPE"), Some(family), Some(kind)) => {
                let (name, kind) = match kind {
                    "counter" => (format!("{family}_total"), kind),
                    "info" => (format!("{family}_info"), "gauge"),
                    kind => (family.to_owned(), kind),
                };
                for (word, what) in [("HELP", told.take().unwrap_or_default()), ("TYPE", kind)] {
                    plain.extend(["# ", word, " ", &name, " ", what, "\n"]);
                }
            }
            (Some("#"), ..) => {}
            _ => plain.extend([line, "\n"]),
        }
    }
    plain
}
