//! What is alike in the answers of all clouds: how they ask for patience, and what of their words is shown to people.

use std::time::Duration;

use time::format_description::StaticFormatDescription;
use time::macros::format_description;
use time::{OffsetDateTime, PrimitiveDateTime};

/// How dates are written in HTTP headers.
pub const HTTP_DATE: StaticFormatDescription =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// The longest message of somebody else's that is passed on, in characters.
const MESSAGE_LIMIT: usize = 200;

/// The first line of somebody else's text, printable and of bearable length.
#[must_use]
pub fn one_line(text: &str) -> String {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    line.chars().filter(|character| is_printable(*character)).take(MESSAGE_LIMIT).collect()
}

/// Neither a control character nor one that turns the text around.
fn is_printable(character: char) -> bool {
    !character.is_control()
        && !matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether patience is all that is asked for, no matter who asks: a balancer or proxy on the way may do so as well.
#[must_use]
pub const fn is_busy(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Seconds, or a date, of which the answer's own date is subtracted: this machine's clock may be wrong.
#[must_use]
pub fn retry_after(wish: &str, now: Option<OffsetDateTime>) -> Option<Duration> {
    match wish.trim().parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => Duration::try_from(http_date(wish)? - now?).ok(),
    }
}

/// A date in a header.
#[must_use]
pub fn http_date(text: &str) -> Option<OffsetDateTime> {
    PrimitiveDateTime::parse(text.trim(), HTTP_DATE).ok().map(PrimitiveDateTime::assume_utc)
}

/// The sentence for answers that someone else gave than `whose` (`Azure`).
#[must_use]
pub fn strange(whose: &str, status: u16, why: &str) -> String {
    format!(
        "an answer that is not {whose}'s ({status}, {why}): a login page or a proxy may stand between the station and the cloud"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_somebody_elses_words_one_line_is_shown_that_changes_nothing_around_it() {
        assert_eq!(one_line("\n \u{1b}[31mbu\u{202e}sy\u{7}  \nmore"), "[31mbusy");
        assert_eq!(one_line(&"x".repeat(1_000)).len(), MESSAGE_LIMIT);
    }

    #[test]
    fn a_date_is_waited_for_by_the_clock_that_named_it() {
        let now = http_date("Fri, 24 May 2013 00:00:00 GMT");
        assert_eq!(retry_after("Fri, 24 May 2013 00:00:07 GMT", now), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Thu, 23 May 2013 00:00:00 GMT", now), None, "it has passed");
        assert_eq!(retry_after(" 17 ", None), Some(Duration::from_secs(17)));
        assert_eq!(retry_after("soon", now), None);
    }
}
