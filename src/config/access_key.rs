//! An access key of AWS, or of a server that speaks its protocol, however it was saved.

/// Takes the key out of a text: `ID:SECRET[:TOKEN]`. It is read from that very form, from a file such as `~/.aws/credentials`,
/// where `profile` says which section is meant (`[gov]`, or `[profile gov]` as `~/.aws/config` has it), and from what the console lets people download.
pub(super) fn access_key(text: &str, profile: Option<&str>) -> Option<String> {
    let text = text.trim();
    if text.lines().any(|line| line.contains("aws_access_key_id")) {
        return of_profile(text, profile);
    }
    if profile.is_some() {
        return None;
    }
    match text.lines().collect::<Vec<_>>()[..] {
        [line] => joined(line.split(':')),
        [header, line] if header.trim_start_matches('\u{feff}').starts_with("Access key ID") => joined(line.split(',')),
        _ => None,
    }
}

fn of_profile(text: &str, profile: Option<&str>) -> Option<String> {
    let (mut section, [mut id, mut secret, mut token]) = ("default", [None; 3]);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name.trim();
        } else if section.strip_prefix("profile ").map_or(section, str::trim_start) == profile.unwrap_or("default")
            && let Some((key, value)) = line.split_once('=')
        {
            match key.trim() {
                "aws_access_key_id" => id = Some(value),
                "aws_secret_access_key" => secret = Some(value),
                "aws_session_token" => token = Some(value),
                _ => {}
            }
        }
    }
    joined([id?, secret?].into_iter().chain(token))
}

/// Two or three parts, none of which is empty or has a gap.
fn joined<'t>(parts: impl Iterator<Item = &'t str>) -> Option<String> {
    let parts: Vec<&str> = parts.map(|part| part.trim().trim_matches('"')).collect();
    let usable = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_graphic() && c != ':');
    (matches!(parts.len(), 2 | 3) && parts.iter().all(usable)).then(|| parts.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_taken_however_it_was_saved() {
        let file = "[default]\naws_access_key_id = AKID\naws_secret_access_key=top/SECRET+=\n\n[gov]\n\
                    aws_access_key_id=GOV\naws_secret_access_key=s\naws_session_token=t==\nregion=us-gov-west-1\n";
        for (text, profile, key) in [
            ("AKID:top/SECRET+=\n", None, Some("AKID:top/SECRET+=")),
            ("AKID:s:t", None, Some("AKID:s:t")),
            (file, None, Some("AKID:top/SECRET+=")),
            (file, Some("gov"), Some("GOV:s:t==")),
            (file, Some("other"), None),
            (&*file.replace("[gov]", "[profile gov]"), Some("gov"), Some("GOV:s:t==")),
            ("\u{feff}Access key ID,Secret access key\r\nAKID,top/SECRET+=\r\n", None, Some("AKID:top/SECRET+=")),
            ("AKID", None, None),
            ("AKID:", None, None),
            ("AKID:s:t:more", None, None),
            ("AKID:se cret", None, None),
            ("AKID:s", Some("gov"), None),
            ("one\ntwo", None, None),
        ] {
            assert_eq!(access_key(text, profile).as_deref(), key, "{text} {profile:?}");
        }
    }
}
